"""You looked at the time before you looked for an objective: without one, goodput is an error from the first moment on.

task: 14.3
caught-by: test_day_14.py::test_goodput_is_of_a_promise[0.0]
"""


class Totals:
    @property
    def goodput(self):
        # task 14.3 begin
        if not self.seconds:
            return 0.0
        if self.objective is None:
            raise ValueError("goodput is that of an objective, and there is none: give one to BatchingMetrics")
        return self.good / self.seconds
        # task 14.3 end
