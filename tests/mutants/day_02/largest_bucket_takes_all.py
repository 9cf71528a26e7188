"""You put a prompt into a bucket that is smaller than the prompt. It would have to be cut, or break the rectangle.

task: 2.4
caught-by: test_day_02.py::test_no_bucket_is_smaller_than_its_prompt
"""


def bucket_by_length(lengths, bucket_sizes):
    # task 2.4 begin
    sizes = sorted(bucket_sizes)
    buckets = {size: [] for size in sizes}
    for index, length in enumerate(lengths):
        fitting = [size for size in sizes if length <= size]
        if not fitting:
            buckets[sizes[-1]].append(index)
            continue
        buckets[fitting[0]].append(index)
    return {size: indices for size, indices in buckets.items() if indices}
    # task 2.4 end
