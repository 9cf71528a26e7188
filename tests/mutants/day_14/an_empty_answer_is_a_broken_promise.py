"""You say that an answer without a token is late. The model had nothing to say, and said so in time.

task: 14.3
caught-by: test_day_14.py::test_an_empty_answer_is_there_when_it_ends[2.0-True]
"""


class Objective:
    def met(self, finished):
        # task 14.3 begin
        first = finished.ttft
        if finished.reason not in WHOLE or first is None:
            return False
        return first <= self.ttft and (finished.tpot is None or finished.tpot <= self.tpot)
        # task 14.3 end
