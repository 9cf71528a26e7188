"""You let each step count as much as any other. A step of a second says ten times as much as one of a tenth.

task: 14.7
caught-by: test_day_14.py::test_the_rate_is_learned_while_somebody_waits
"""


class Promise:
    def on_step(self, rows):
        # task 14.7 begin
        now, unread = self._clock.now(), self._scheduler.num_unread
        seconds = now - self._at
        if self._unread and unread and seconds > 0:
            read = sum(row.tokens for row in rows if row.kind is Kind.PREFILL)
            share = 1 / self.memory
            self.rate = max(self.rate + (read / seconds - self.rate) * share, 1 / self.memory)
        self._at, self._unread = now, unread
        # task 14.7 end
