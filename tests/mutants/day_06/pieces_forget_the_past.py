"""You made every prompt's mask as if nothing were stored: the second piece does not see the first.

task: 6.3
caught-by: test_day_06.py::test_a_prompt_may_be_read_in_pieces
"""


class MlxLmCache:
    def make_mask(self, n, return_array=False, window_size=None):
        # task 6.3 begin
        if isinstance(self.cache, TinyKvCache):
            return mx.concatenate([mx.zeros((n, self.cache.offset), dtype=mx.bool_), causal_mask(n, 0)], axis=1)
        return create_batch_mask(self.cache.offsets, n, self.cache.longest + n)[:, None]
        # task 6.3 end
