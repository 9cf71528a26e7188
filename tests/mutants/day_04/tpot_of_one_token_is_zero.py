"""One token has no pace, and you said 0: averaged with others, it makes you look fast.

task: 4.3
caught-by: test_day_04.py::test_times_that_are_not_known_yet_are_none
"""


class Request:
    @property
    def tpot(self):
        # task 4.3 begin
        if len(self.token_times) < 2:
            return 0.0
        return (self.token_times[-1] - self.token_times[0]) / (len(self.token_times) - 1)
        # task 4.3 end
