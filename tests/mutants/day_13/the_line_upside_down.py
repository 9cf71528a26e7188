"""You gave the nearer size the smaller share.

task: 13.7
caught-by: test_day_13.py::test_between_two_sizes_the_price_is_on_a_straight_line[5-3.5]
"""


class StepPrices:
    def of(self, tokens):
        # task 13.7 begin
        if not self._sizes:
            return 0.0
        above = bisect_left(self._sizes, tokens)
        if above == len(self._sizes) or above == 0:
            return self._median(self._sizes[min(above, len(self._sizes) - 1)])
        low, high = self._sizes[above - 1], self._sizes[above]
        share = (tokens - low) / (high - low)
        return share * self._median(low) + (1 - share) * self._median(high) if tokens < high else self._median(high)
        # task 13.7 end
