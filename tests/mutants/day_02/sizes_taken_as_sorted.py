"""You assumed that the sizes are sorted. If they are not, the first that fits need not be the smallest.

task: 2.4
caught-by: test_day_02.py::test_the_buckets_may_come_in_any_order
"""


def bucket_by_length(lengths, bucket_sizes):
    # task 2.4 begin
    sizes = list(bucket_sizes)
    buckets = {size: [] for size in sizes}
    for index, length in enumerate(lengths):
        fitting = [size for size in sizes if length <= size]
        if not fitting:
            raise ValueError(f"prompt {index} has {length} tokens, more than the largest bucket of {sizes}")
            continue
        buckets[fitting[0]].append(index)
    return {size: indices for size, indices in buckets.items() if indices}
    # task 2.4 end
