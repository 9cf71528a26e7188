"""You made the mask for the first columns. `queries` counts from the end: in a decode step the query is the last column.

task: 2.2
caught-by: test_day_02.py::test_a_decode_step_asks_with_the_last_column
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
    asking = mx.arange(width)[None, : (queries or width), None]
    return ((keys >= pads) & (keys <= asking)) | (keys == asking)
    # task 2.2 end
