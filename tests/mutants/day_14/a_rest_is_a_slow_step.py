"""You count the time in which there was nothing to do as a slow step. After every pause the budget falls.

task: 14.6
caught-by: test_day_14.py::test_a_step_after_a_rest_says_nothing
"""


class LoadControl:
    def on_step(self, rows):
        # task 14.6 begin
        now = self._clock.now()
        seconds, self._at = now - self._at, now
        there = frozenset(row.request for row in rows)
        if self._before:
            self._follow(sum(row.tokens for row in rows), seconds)
            self._limit(len(rows), seconds)
        self._before = there
        self._apply()
        # task 14.6 end
