"""You asked for the nearest size before you looked whether any was seen.

task: 13.7
caught-by: test_day_13.py::test_before_any_step_was_seen_its_price_is_nought
"""


class StepPrices:
    def of(self, tokens):
        # task 13.7 begin
        above = bisect_left(self._sizes, tokens)
        if above == len(self._sizes) or above == 0:
            return self._median(self._sizes[min(above, len(self._sizes) - 1)])
        low, high = self._sizes[above - 1], self._sizes[above]
        share = (tokens - low) / (high - low)
        return (1 - share) * self._median(low) + share * self._median(high)
        # task 13.7 end
