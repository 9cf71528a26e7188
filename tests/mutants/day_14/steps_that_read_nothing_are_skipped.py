"""You skip steps that read nothing. When slots or memory are short, that is all of the waiting, and your forecast knows nothing of it.

task: 14.7
caught-by: test_day_14.py::test_a_step_that_reads_nothing_is_slow_reading
"""


class Promise:
    def on_step(self, rows):
        # task 14.7 begin
        now, unread = self._clock.now(), self._scheduler.num_unread
        seconds = now - self._at
        if self._unread and unread and seconds > 0:
            read = sum(row.tokens for row in rows if row.kind is Kind.PREFILL)
            if not read:
                return
            share = -math.expm1(-seconds / self.memory)
            self.rate = max(self.rate + (read / seconds - self.rate) * share, 1 / self.memory)
        self._at, self._unread = now, unread
        # task 14.7 end
