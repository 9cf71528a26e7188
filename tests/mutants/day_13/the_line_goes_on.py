"""You continued the line beyond the largest size. What was not tried counts as cheap, so that it is tried.

task: 13.7
caught-by: test_day_13.py::test_between_two_sizes_the_price_is_on_a_straight_line[13-9.0]
"""


class StepPrices:
    def of(self, tokens):
        # task 13.7 begin
        if not self._sizes:
            return 0.0
        above = bisect_left(self._sizes, tokens)
        if len(self._sizes) == 1 or above == 0:
            return self._median(self._sizes[0])
        above = min(above, len(self._sizes) - 1)
        low, high = self._sizes[above - 1], self._sizes[above]
        share = (tokens - low) / (high - low)
        return (1 - share) * self._median(low) + share * self._median(high)
        # task 13.7 end
