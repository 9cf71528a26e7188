"""You kept buckets without a prompt: each would become a batch of nothing.

task: 2.4
caught-by: test_day_02.py::test_each_prompt_goes_to_the_smallest_bucket_that_holds_it
"""


def bucket_by_length(lengths, bucket_sizes):
    # task 2.4 begin
    sizes = sorted(bucket_sizes)
    buckets = {size: [] for size in sizes}
    for index, length in enumerate(lengths):
        fitting = [size for size in sizes if length <= size]
        if not fitting:
            raise ValueError(f"prompt {index} has {length} tokens, more than the largest bucket of {sizes}")
            continue
        buckets[fitting[0]].append(index)
    return buckets
    # task 2.4 end
