"""You rounded up. A row of whose cache only half fits does not fit.

task: 1.3
caught-by: test_day_01.py::test_half_a_row_is_no_row
"""


def max_batch_size(shape, hardware, context):
    # task 1.3 begin
    free = hardware.memory - shape.total_weight_bytes
    if free < 0:
        raise ValueError("the weights alone don't fit")
    return -int(-free // (context * kv_bytes_per_token(shape)))
    # task 1.3 end
