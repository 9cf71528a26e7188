"""You ignored that there is no such request. Its caller believes that something was stopped.

task: 7.3
caught-by: test_day_07.py::test_who_is_not_there_can_not_be_cancelled
"""


class ContinuousBatcher:
    def cancel(self, request_id):
        # task 7.3 begin
        found = [each for each in [*self.waiting, *self.running.values()] if each.id == request_id]
        if not found:
            return
        text = found[0].finish(FinishReason.CANCELLED)
        if found[0] in self.waiting:
            self.waiting.remove(found[0])
        self.retire()
        self._on_token(found[0], text)
        # task 7.3 end
