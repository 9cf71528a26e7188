"""You want a TPOT of every request. With a single token there is none.

task: 14.3
caught-by: test_day_14.py::test_one_token_waits_for_no_second[2.0-True]
"""


class Objective:
    def met(self, finished):
        # task 14.3 begin
        first = finished.latency if finished.ttft is None else finished.ttft
        if finished.reason not in WHOLE or first is None:
            return False
        return first <= self.ttft and finished.tpot is not None and finished.tpot <= self.tpot
        # task 14.3 end
