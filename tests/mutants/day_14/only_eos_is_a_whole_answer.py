"""You count only answers that the model ended. The caller's limit or stop string ends them as well.

task: 14.3
caught-by: test_day_14.py::test_a_kept_promise_is_a_whole_answer[length]
"""


class Objective:
    def met(self, finished):
        # task 14.3 begin
        first = finished.latency if finished.ttft is None else finished.ttft
        if finished.reason is not FinishReason.EOS or first is None:
            return False
        return first <= self.ttft and (finished.tpot is None or finished.tpot <= self.tpot)
        # task 14.3 end
