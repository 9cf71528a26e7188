"""You returned the rows as a float: `//` of floats gives one. Task 1.4 can't count up to it.

task: 1.3
caught-by: test_day_01.py::test_a_count_of_rows_is_an_int
"""


def max_batch_size(shape, hardware, context):
    # task 1.3 begin
    free = hardware.memory - shape.total_weight_bytes
    if free < 0:
        raise ValueError(
            f"the weights of {shape.name} take {shape.total_weight_bytes / 1e9:.1f} GB, but {hardware.name} has "
            f"{hardware.memory / 1e9:.1f} GB: choose a smaller model, fewer bits a weight, or more memory"
        )
    return free // (context * kv_bytes_per_token(shape))
    # task 1.3 end
