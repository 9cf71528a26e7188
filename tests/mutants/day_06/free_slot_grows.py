"""In your mask a free slot's later queries look at more than position 0.

task: 6.2
caught-by: test_day_06.py::test_several_new_tokens_look_at_each_other
"""


def create_batch_mask(offsets, n, max_len):
    # task 6.2 begin
    keys = mx.arange(max_len)[None, None, :]
    # A free slot's queries all stand at position 0.
    first = mx.array([offset or 0 for offset in offsets])[:, None, None]
    steps = mx.array([offset is not None for offset in offsets])[:, None, None]
    queries = first + mx.arange(n)[None, :, None]
    return keys <= queries
    # task 6.2 end
