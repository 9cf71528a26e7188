"""You masked the future but left the pads in sight: every short row listens to padding.

task: 2.2
caught-by: test_day_02.py::test_nobody_looks_at_a_pad
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
    return mx.broadcast_to(keys <= asking, (len(lengths), asking.shape[1], width))
    # task 2.2 end
