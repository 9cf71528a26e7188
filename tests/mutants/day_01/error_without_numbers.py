"""Your error does not say how much memory is needed and how much there is. Whoever reads it at night needs both.

task: 1.3
caught-by: test_day_01.py::test_the_error_says_how_much_is_needed_and_how_much_there_is
"""


def max_batch_size(shape, hardware, context):
    # task 1.3 begin
    free = hardware.memory - shape.total_weight_bytes
    if free < 0:
        raise ValueError("the weights do not fit")
    return int(free // (context * kv_bytes_per_token(shape)))
    # task 1.3 end
