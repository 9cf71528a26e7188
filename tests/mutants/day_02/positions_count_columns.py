"""You numbered the columns. A token behind four pads then stands at position 4, and the model hears another sentence.

task: 2.2
caught-by: test_day_02.py::test_positions_count_the_real_tokens_from_zero
"""


def padded_positions(lengths, width):
    # task 2.2 begin
    return mx.broadcast_to(mx.arange(width, dtype=mx.int32)[None, :], (len(lengths), width))
    # task 2.2 end


def padding_mask(lengths, width, queries=None):
    # task 2.2 begin
    pads = width - mx.array(lengths)[:, None, None]
    keys = mx.arange(width)[None, None, :]
    asking = mx.arange(width)[None, width - (queries or width) :, None]
    return ((keys >= pads) & (keys <= asking)) | (keys == asking)
    # task 2.2 end
