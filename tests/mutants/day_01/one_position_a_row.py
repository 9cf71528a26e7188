"""You made room for one position per row. A row keeps the keys and values of its whole context.

task: 1.3
caught-by: test_day_01.py::test_the_weights_are_kept_once
"""


def max_batch_size(shape, hardware, context):
    # task 1.3 begin
    free = hardware.memory - shape.total_weight_bytes
    if free < 0:
        raise ValueError("the weights alone don't fit")
    return int(free // kv_bytes_per_token(shape))
    # task 1.3 end
