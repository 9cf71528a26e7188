"""You measured the first token from when the request started. Its user has waited since it arrived.

task: 4.3
caught-by: test_day_04.py::test_the_times_of_a_life[ttft-5]
"""


class Request:
    @property
    def ttft(self):
        # task 4.3 begin
        return self.token_times[0] - self.started if self.token_times else None
        # task 4.3 end
