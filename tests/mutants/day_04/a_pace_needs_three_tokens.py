"""You wanted three tokens for a pace. Two have a gap between them.

task: 4.3
caught-by: test_day_04.py::test_two_tokens_have_a_pace
"""


class Request:
    def tpot(self):
        # task 4.3 begin
        if len(self.token_times) <= 2:
            return None
        return (self.token_times[-1] - self.token_times[0]) / (len(self.token_times) - 1)
        # task 4.3 end
