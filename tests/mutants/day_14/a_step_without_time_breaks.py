"""You divide by the seconds of a step that took none.

task: 14.7
caught-by: test_day_14.py::test_a_step_without_time_says_nothing
"""


class Promise:
    def on_step(self, rows):
        # task 14.7 begin
        now, unread = self._clock.now(), self._scheduler.num_unread
        seconds = now - self._at
        if self._unread and unread:
            read = sum(row.tokens for row in rows if row.kind is Kind.PREFILL)
            share = -math.expm1(-seconds / self.memory)
            self.rate = max(self.rate + (read / seconds - self.rate) * share, 1 / self.memory)
        self._at, self._unread = now, unread
        # task 14.7 end
