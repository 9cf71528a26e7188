"""You took the next larger size that was seen. Between two sizes, the price lies on a straight line.

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
        share = 1.0
        return (1 - share) * self._median(low) + share * self._median(high)
        # task 13.7 end
