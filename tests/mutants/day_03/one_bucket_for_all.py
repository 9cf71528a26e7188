"""You padded all texts to the largest bucket. Buckets are there so that short texts stay short.

task: 3.3
caught-by: test_day_03.py::test_texts_go_into_buckets
"""


def collate_texts(texts, bucket_sizes, pad_id):
    # task 3.3 begin
    batches = []
    for size, indices in {max(bucket_sizes): list(range(len(texts)))}.items():
        lengths = mx.array([len(texts[index]) for index in indices])
        rows = [[*texts[index], *[pad_id] * (size - len(texts[index]))] for index in indices]
        tokens = mx.array(rows, dtype=mx.int32)
        mask = mx.arange(size)[None, :] < lengths[:, None]
        batches.append(TextBatch(indices, tokens, mask))
    return batches
    # task 3.3 end
