"""A free slot has no legal key in your mask: softmax over nothing is NaN.

task: 6.2
caught-by: test_day_06.py::test_a_free_slot_looks_at_one_key
"""


def create_batch_mask(offsets, n, max_len):
    # task 6.2 begin
    keys = mx.arange(max_len)[None, None, :]
    # A free slot's queries all stand at position 0.
    first = mx.array([offset or 0 for offset in offsets])[:, None, None]
    steps = mx.array([offset is not None for offset in offsets])[:, None, None]
    queries = first + mx.arange(n)[None, :, None] * steps
    return (keys <= queries) & (steps > 0)
    # task 6.2 end
