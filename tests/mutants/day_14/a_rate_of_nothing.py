"""You let the rate fall to nothing. Then no caller can be told when to come back.

task: 14.7
caught-by: test_day_14.py::test_an_answer_always_ends
"""


class Promise:
    def on_step(self, rows):
        # task 14.7 begin
        now, unread = self._clock.now(), self._scheduler.num_unread
        seconds = now - self._at
        if self._unread and unread and seconds > 0:
            read = sum(row.tokens for row in rows if row.kind is Kind.PREFILL)
            share = -math.expm1(-seconds / self.memory)
            self.rate = self.rate + (read / seconds - self.rate) * share
        self._at, self._unread = now, unread
        # task 14.7 end
