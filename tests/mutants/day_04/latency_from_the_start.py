"""You left out the time in the queue, which is where users wait when it matters.

task: 4.3
caught-by: test_day_04.py::test_the_times_of_a_life[latency-12]
"""


class Request:
    @property
    def latency(self):
        # task 4.3 begin
        return None if self.finished is None else self.finished - (self.started or self.arrived)
        # task 4.3 end
