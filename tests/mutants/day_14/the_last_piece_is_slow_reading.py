"""You learn from the step that reads the last few tokens. It had no more to read, and says nothing of how fast it could.

task: 14.7
caught-by: test_day_14.py::test_the_last_step_of_a_prompt_says_nothing
"""


class Promise:
    def on_step(self, rows):
        # task 14.7 begin
        now, unread = self._clock.now(), self._scheduler.num_unread
        seconds = now - self._at
        if self._unread and seconds > 0:
            read = sum(row.tokens for row in rows if row.kind is Kind.PREFILL)
            share = -math.expm1(-seconds / self.memory)
            self.rate = max(self.rate + (read / seconds - self.rate) * share, 1 / self.memory)
        self._at, self._unread = now, unread
        # task 14.7 end
