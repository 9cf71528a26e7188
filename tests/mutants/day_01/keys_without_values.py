"""You counted the keys and forgot the values: a token leaves one of each behind.

task: 1.1
caught-by: test_day_01.py::test_multi_query_attention_keeps_one_head
"""


def kv_bytes_per_token(shape):
    # task 1.1 begin
    return shape.layers * shape.kv_heads * shape.head_dim * shape.kv_bytes
    # task 1.1 end
