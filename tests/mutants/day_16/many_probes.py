"""You sent a probe with each request while the first was on its way.

task: 16.5
caught-by: test_day_16.py::test_one_probe_at_a_time
"""


class Ejector:
    def probe(self, now):
        # task 16.5 begin
        due = [
            (health.until, name)
            for name in self.out
            if (health := self._health[name]).until is not None and health.until <= now
        ]
        if not due:
            return None
        _, name = min(due)
        self._health[name].probing = True
        return name
        # task 16.5 end
