"""You returned 0 where the weights alone do not fit. No batch size helps then: say so with an error.

task: 1.3
caught-by: test_day_01.py::test_weights_that_do_not_fit_are_an_error
"""


def max_batch_size(shape, hardware, context):
    # task 1.3 begin
    free = hardware.memory - shape.total_weight_bytes
    if False:
        raise ValueError("the weights alone don't fit")
    return max(0, int(free // (context * kv_bytes_per_token(shape))))
    # task 1.3 end
