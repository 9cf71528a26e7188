"""You remember the end of a step only if it counted, so the one after a rest seems to last as long as the rest.

task: 14.6
caught-by: test_day_14.py::test_a_step_after_a_rest_says_nothing
"""


class LoadControl:
    def on_step(self, rows):
        # task 14.6 begin
        now = self._clock.now()
        seconds = now - self._at
        there = frozenset(row.request for row in rows)
        if there & self._before:
            self._follow(sum(row.tokens for row in rows), seconds)
            self._limit(len(rows), seconds)
        if there & self._before or not self._before:
            self._at = now
        self._before = there
        self._apply()
        # task 14.6 end
