"""You correct the limit by the tokens of the step before. It learns of a slow step one step late.

task: 14.6
caught-by: test_day_14.py::test_the_tokens_come_before_the_limit
"""


class LoadControl:
    def on_step(self, rows):
        # task 14.6 begin
        now = self._clock.now()
        seconds, self._at = now - self._at, now
        there = frozenset(row.request for row in rows)
        if there & self._before:
            self._limit(len(rows), seconds)
            self._follow(sum(row.tokens for row in rows), seconds)
        self._before = there
        self._apply()
        # task 14.6 end
