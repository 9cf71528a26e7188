"""You took a top_k of 1 to mean no limit: 0 means that.

task: 4.4
caught-by: test_day_04.py::test_a_batch_of_rows_that_admit_one_token
"""


def _lowest_admitted(scaled, params):
    # task 4.4 begin
    vocabulary = scaled.shape[-1]
    if all(row.top_k <= 1 and row.top_p == 1 for row in params):
        return mx.full((len(params), 1), -mx.inf)  # nobody asks, and sorting a vocabulary is slow
    falling = -mx.sort(-scaled, axis=-1)
    top_k = mx.array([min(row.top_k or vocabulary, vocabulary) for row in params])[:, None]
    top_p = mx.array([row.top_p for row in params])[:, None]
    admitted = mx.arange(vocabulary)[None] < top_k
    likely = mx.softmax(mx.where(admitted, falling, -mx.inf), axis=-1)
    before = mx.cumsum(likely, axis=-1) - likely  # what the more likely ones already make up
    admitted = admitted & ((before < top_p) | (top_p == 1))
    last = mx.sum(admitted, axis=-1, keepdims=True) - 1
    return mx.take_along_axis(falling, last, axis=-1)
    # task 4.4 end
