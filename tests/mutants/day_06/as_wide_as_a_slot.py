"""Your mask is as wide as a slot. The cache gives back no more than the longest request needs.

task: 6.3
caught-by: test_day_06.py::test_the_mask_of_many_has_an_axis_for_heads
"""


class MlxLmCache:
    def make_mask(self, n, return_array=False, window_size=None):
        # task 6.3 begin
        if isinstance(self.cache, TinyKvCache):
            return causal_mask(n, self.cache.offset)
        return create_batch_mask(self.cache.offsets, n, self.cache.max_seq_len)[:, None]
        # task 6.3 end
