"""You counted the pads from the longest prompt. `width` may be larger than its length.

task: 2.2
caught-by: test_day_02.py::test_a_rectangle_may_be_wider_than_its_longest_prompt
"""


def padded_positions(lengths, width):
    # task 2.2 begin
    pads = max(lengths) - mx.array(list(lengths), dtype=mx.int32)[:, None]
    return mx.maximum(mx.arange(width, dtype=mx.int32)[None, :] - pads, 0)
    # task 2.2 end
