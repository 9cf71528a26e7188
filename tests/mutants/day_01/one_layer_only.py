"""You counted one layer. Every layer keeps keys and values of its own.

task: 1.1
caught-by: test_day_01.py::test_grouped_query_attention_keeps_the_key_value_heads_only
"""


def kv_bytes_per_token(shape):
    # task 1.1 begin
    return 2 * shape.kv_heads * shape.head_dim * shape.kv_bytes
    # task 1.1 end
