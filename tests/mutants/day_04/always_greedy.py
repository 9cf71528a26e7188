"""You always take the most likely token, whatever the temperature.

task: 4.4
caught-by: test_day_04.py::test_tokens_are_drawn_as_often_as_they_are_likely
"""


def sample_batch(logits, params, positions):
    # task 4.4 begin
    return mx.argmax(logits, axis=-1).astype(mx.int32)
    # task 4.4 end
