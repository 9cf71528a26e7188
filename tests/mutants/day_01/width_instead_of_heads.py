"""You used the model's width, as the formula `2 × layers × d_model` does. That holds for multi-head attention whose heads
fill the width, and for nothing else.

task: 1.1
caught-by: test_day_01.py::test_the_width_of_a_head_is_its_own
"""


def kv_bytes_per_token(shape):
    # task 1.1 begin
    return 2 * shape.layers * shape.width * shape.kv_bytes
    # task 1.1 end
