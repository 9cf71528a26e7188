"""You count rows as tokens. A row that reads a prompt has many.

task: 14.6
caught-by: test_day_14.py::test_a_full_step_corrects_by_half[0.5625-133]
"""


class LoadControl:
    def on_step(self, rows):
        # task 14.6 begin
        now = self._clock.now()
        seconds, self._at = now - self._at, now
        there = frozenset(row.request for row in rows)
        if there & self._before:
            self._follow(len(rows), seconds)
            self._limit(len(rows), seconds)
        self._before = there
        self._apply()
        # task 14.6 end
