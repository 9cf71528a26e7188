"""You assumed 2 bytes a number. The shape says how many the cache takes: `kv_bytes`, which need not be `weight_bytes`.

task: 1.1
caught-by: test_day_01.py::test_a_cache_of_fewer_bits_is_smaller
"""


def kv_bytes_per_token(shape):
    # task 1.1 begin
    return 2 * shape.layers * shape.kv_heads * shape.head_dim * 2
    # task 1.1 end
