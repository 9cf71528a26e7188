"""You count all tokens as read. A token of some answer brings no other request's first token nearer.

task: 14.7
caught-by: test_day_14.py::test_who_decodes_reads_nothing
"""


class Promise:
    def on_step(self, rows):
        # task 14.7 begin
        now, unread = self._clock.now(), self._scheduler.num_unread
        seconds = now - self._at
        if self._unread and unread and seconds > 0:
            read = sum(row.tokens for row in rows)
            share = -math.expm1(-seconds / self.memory)
            self.rate = max(self.rate + (read / seconds - self.rate) * share, 1 / self.memory)
        self._at, self._unread = now, unread
        # task 14.7 end
