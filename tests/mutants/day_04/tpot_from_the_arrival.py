"""You counted the wait for the first token into the time per token: the two are different complaints.

task: 4.3
caught-by: test_day_04.py::test_the_times_of_a_life[tpot-2]
"""


class Request:
    @property
    def tpot(self):
        # task 4.3 begin
        if len(self.token_times) < 2:
            return None
        return (self.token_times[-1] - self.arrived) / (len(self.token_times) - 1)
        # task 4.3 end
