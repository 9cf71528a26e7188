"""You made a mask only for prompts. In a batch of unequal rows a single token needs one as well.

task: 6.3
caught-by: test_day_06.py::test_their_model_decodes_your_batch
"""


class MlxLmCache:
    def make_mask(self, n, return_array=False, window_size=None):
        # task 6.3 begin
        if isinstance(self.cache, TinyKvCache):
            return causal_mask(n, self.cache.offset)
        return mx.ones((self.cache.max_active_requests, 1, n, self.cache.longest + n), dtype=mx.bool_)
        # task 6.3 end
