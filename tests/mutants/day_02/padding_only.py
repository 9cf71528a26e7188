"""You masked the pads but left the future in sight: a prompt token reads what comes after it.

task: 2.2
caught-by: test_day_02.py::test_nobody_looks_ahead
"""


def padded_positions(lengths, width):
    # task 2.2 begin
    pads = width - mx.array(lengths, dtype=mx.int32)[:, None]
    return mx.maximum(mx.arange(width, dtype=mx.int32)[None, :] - pads, 0)
    # task 2.2 end


def padding_mask(lengths, width, queries=None):
    # task 2.2 begin
    pads = width - mx.array(lengths)[:, None, None]
    keys = mx.arange(width)[None, None, :]
    asking = mx.arange(width)[None, width - (queries or width) :, None]
    return ((keys >= pads) & (asking >= 0)) | (keys == asking)
    # task 2.2 end
