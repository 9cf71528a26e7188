"""You took a price in proportion to the tokens beyond the sizes that were seen. Small steps cost nearly as much as
larger ones.

task: 13.7
caught-by: test_day_13.py::test_one_size_is_the_price_of_all[1]
"""


class StepPrices:
    def of(self, tokens):
        # task 13.7 begin
        if not self._sizes:
            return 0.0
        above = bisect_left(self._sizes, tokens)
        if above == len(self._sizes) or above == 0:
            size = self._sizes[min(above, len(self._sizes) - 1)]
            return self._median(size) * tokens / size
        low, high = self._sizes[above - 1], self._sizes[above]
        share = (tokens - low) / (high - low)
        return (1 - share) * self._median(low) + share * self._median(high)
        # task 13.7 end
