"""You gave pads negative positions. They are masked, but a position is an index: keep it at 0 or more.

task: 2.2
caught-by: test_day_02.py::test_pads_have_position_zero
"""


def padded_positions(lengths, width):
    # task 2.2 begin
    pads = width - mx.array(lengths, dtype=mx.int32)[:, None]
    return mx.arange(width, dtype=mx.int32)[None, :] - pads
    # task 2.2 end


def padding_mask(lengths, width, queries=None):
    # task 2.2 begin
    pads = width - mx.array(lengths)[:, None, None]
    keys = mx.arange(width)[None, None, :]
    asking = mx.arange(width)[None, width - (queries or width) :, None]
    return ((keys >= pads) & (keys <= asking)) | (keys == asking)
    # task 2.2 end
