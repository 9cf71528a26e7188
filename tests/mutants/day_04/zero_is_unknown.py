"""You took a time of 0 for an unknown one: `if self.started` is false at second 0.

task: 4.3
caught-by: test_day_04.py::test_a_time_of_zero_is_a_time
"""


class Request:
    @property
    def queue_time(self):
        # task 4.3 begin
        return self.started - self.arrived if self.started else None
        # task 4.3 end
