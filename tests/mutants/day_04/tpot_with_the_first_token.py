"""You divided by the number of tokens. Between n tokens there are n − 1 waits; the first token's is TTFT.

task: 4.3
caught-by: test_day_04.py::test_the_times_of_a_life[tpot-2]
"""


class Request:
    @property
    def tpot(self):
        # task 4.3 begin
        if len(self.token_times) < 2:
            return None
        return (self.token_times[-1] - self.token_times[0]) / len(self.token_times)
        # task 4.3 end
