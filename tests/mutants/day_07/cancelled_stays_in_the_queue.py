"""You left a cancelled request in the queue: it is admitted when its turn comes, and must not be.

task: 7.3
caught-by: test_day_07.py::test_a_cancelled_request_leaves_nothing_behind[waiting]
"""


class ContinuousBatcher:
    def cancel(self, request_id):
        # task 7.3 begin
        found = [each for each in [*self.waiting, *self.running.values()] if each.id == request_id]
        if not found:
            raise ValueError(f"no request {request_id!r} waits or runs")
        text = found[0].finish(FinishReason.CANCELLED)
        self.retire()
        self._on_token(found[0], text)
        # task 7.3 end
