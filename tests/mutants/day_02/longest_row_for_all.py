"""You used one length for all rows. Each row has its own number of pads.

task: 2.2
caught-by: test_day_02.py::test_rows_of_one_batch_differ
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
    return mx.broadcast_to(((keys >= pads.min()) & (keys <= asking)) | (keys == asking), (len(lengths), asking.shape[1], width))
    # task 2.2 end
