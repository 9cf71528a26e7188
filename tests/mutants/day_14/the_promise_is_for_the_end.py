"""You compare the latency with the promise for the first token: long answers can't keep it.

task: 14.3
caught-by: test_day_14.py::test_just_in_time_is_in_time[just]
"""


class Objective:
    def met(self, finished):
        # task 14.3 begin
        first = finished.latency
        if finished.reason not in WHOLE or first is None:
            return False
        return first <= self.ttft and (finished.tpot is None or finished.tpot <= self.tpot)
        # task 14.3 end
