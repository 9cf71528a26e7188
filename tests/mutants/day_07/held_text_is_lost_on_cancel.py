"""You threw away the text that a cancelled request had held back.

task: 7.3
caught-by: test_day_07.py::test_a_cancelled_request_gets_the_text_that_was_held_back
"""


class ContinuousBatcher:
    def cancel(self, request_id):
        # task 7.3 begin
        found = [each for each in [*self.waiting, *self.running.values()] if each.id == request_id]
        if not found:
            raise ValueError(f"no request {request_id!r} waits or runs")
        text = found[0].finish(FinishReason.CANCELLED)
        if found[0] in self.waiting:
            self.waiting.remove(found[0])
        self.retire()
        pass
        # task 7.3 end
