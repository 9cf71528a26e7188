"""You counted the prefill as queueing: the queue ends when the prompt is first read.

task: 4.3
caught-by: test_day_04.py::test_the_times_of_a_life[queue_time-2]
"""


class Request:
    @property
    def queue_time(self):
        # task 4.3 begin
        return self.token_times[0] - self.arrived if self.token_times else None
        # task 4.3 end
