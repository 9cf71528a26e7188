"""Your mask is as wide as what is stored now. When it is used, the new tokens are stored, too.

task: 6.3
caught-by: test_day_06.py::test_the_mask_of_many_has_an_axis_for_heads
"""


class MlxLmCache:
    def make_mask(self, n, return_array=False, window_size=None):
        # task 6.3 begin
        if isinstance(self.cache, TinyKvCache):
            return causal_mask(n, self.cache.offset)
        return create_batch_mask(self.cache.offsets, n, self.cache.longest + n)[:, None, :, : self.cache.longest]
        # task 6.3 end
