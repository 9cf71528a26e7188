"""You padded in front, as for generation. These texts are read whole and not continued: the text comes first.

task: 3.3
caught-by: test_day_03.py::test_texts_are_padded_behind
"""


def collate_texts(texts, bucket_sizes, pad_id):
    # task 3.3 begin
    batches = []
    for size, indices in bucket_by_length([len(text) for text in texts], bucket_sizes).items():
        lengths = mx.array([len(texts[index]) for index in indices])
        rows = [[*[pad_id] * (size - len(texts[index])), *texts[index]] for index in indices]
        tokens = mx.array(rows, dtype=mx.int32)
        mask = mx.arange(size)[None, :] >= size - lengths[:, None]
        batches.append(TextBatch(indices, tokens, mask))
    return batches
    # task 3.3 end
