"""You measured to the last token. The request ended later, with EOS.

task: 4.3
caught-by: test_day_04.py::test_the_times_of_a_life[latency-12]
"""


class Request:
    @property
    def latency(self):
        # task 4.3 begin
        return None if self.finished is None else (self.token_times or [self.finished])[-1] - self.arrived
        # task 4.3 end
