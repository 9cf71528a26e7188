"""You let every answer without a token pass, however long its caller waited for the end.

task: 14.3
caught-by: test_day_14.py::test_an_empty_answer_is_there_when_it_ends[2.5-False]
"""


class Objective:
    def met(self, finished):
        # task 14.3 begin
        first = finished.ttft or 0.0
        if finished.reason not in WHOLE or first is None:
            return False
        return first <= self.ttft and (finished.tpot is None or finished.tpot <= self.tpot)
        # task 14.3 end
