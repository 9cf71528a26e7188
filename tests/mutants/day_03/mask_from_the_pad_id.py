"""You found the pads by their id. A text may contain that token: go by the lengths.

task: 3.3
caught-by: test_day_03.py::test_the_mask_says_where_text_is
"""


def collate_texts(texts, bucket_sizes, pad_id):
    # task 3.3 begin
    batches = []
    for size, indices in bucket_by_length([len(text) for text in texts], bucket_sizes).items():
        lengths = mx.array([len(texts[index]) for index in indices])
        rows = [[*texts[index], *[pad_id] * (size - len(texts[index]))] for index in indices]
        tokens = mx.array(rows, dtype=mx.int32)
        mask = tokens != pad_id
        batches.append(TextBatch(indices, tokens, mask))
    return batches
    # task 3.3 end
