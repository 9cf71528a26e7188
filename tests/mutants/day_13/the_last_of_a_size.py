"""You took the time of the last step of a size, as if none could be held up.

task: 13.7
caught-by: test_day_13.py::test_a_step_that_was_held_up_does_not_count
"""


class StepPrices:
    def of(self, tokens):
        # task 13.7 begin
        if not self._sizes:
            return 0.0
        above = bisect_left(self._sizes, tokens)
        if above == len(self._sizes) or above == 0:
            return (lambda size: self._seen[size][-1])(self._sizes[min(above, len(self._sizes) - 1)])
        low, high = self._sizes[above - 1], self._sizes[above]
        share = (tokens - low) / (high - low)
        return (1 - share) * (lambda size: self._seen[size][-1])(low) + share * (lambda size: self._seen[size][-1])(high)
        # task 13.7 end
