"""You are content with either. Both were promised.

task: 14.3
caught-by: test_day_14.py::test_just_in_time_is_in_time[late]
"""


class Objective:
    def met(self, finished):
        # task 14.3 begin
        first = finished.latency if finished.ttft is None else finished.ttft
        if finished.reason not in WHOLE or first is None:
            return False
        return first <= self.ttft or (finished.tpot is None or finished.tpot <= self.tpot)
        # task 14.3 end
