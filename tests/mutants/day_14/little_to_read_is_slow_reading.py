"""You learn from steps that read all there was. Small prompts, one by one, look like a slow engine.

task: 14.7
caught-by: test_day_14.py::test_little_to_read_is_no_slow_reading
"""


class Promise:
    def on_step(self, rows):
        # task 14.7 begin
        now, unread = self._clock.now(), self._scheduler.num_unread
        seconds = now - self._at
        if seconds > 0:
            read = sum(row.tokens for row in rows if row.kind is Kind.PREFILL)
            share = -math.expm1(-seconds / self.memory)
            self.rate = max(self.rate + (read / seconds - self.rate) * share, 1 / self.memory)
        self._at, self._unread = now, unread
        # task 14.7 end
