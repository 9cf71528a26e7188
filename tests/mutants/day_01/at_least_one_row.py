"""You returned 1 where no row fits. The truth is 0, and a caller can act on it.

task: 1.3
caught-by: test_day_01.py::test_none_fits_beside_weights_that_do
"""


def max_batch_size(shape, hardware, context):
    # task 1.3 begin
    free = hardware.memory - shape.total_weight_bytes
    if free < 0:
        raise ValueError("the weights alone don't fit")
    return max(1, int(free // (context * kv_bytes_per_token(shape))))
    # task 1.3 end
