"""You probed in order of names, not of time.

task: 16.5
caught-by: test_day_16.py::test_who_waited_longest_is_probed_first
"""


class Ejector:
    def probe(self, now):
        # task 16.5 begin
        due = [
            (health.until, name)
            for name in self.out
            if (health := self._health[name]).until is not None and health.until <= now and not health.probing
        ]
        if not due:
            return None
        name = min(name for _, name in due)
        self._health[name].probing = True
        return name
        # task 16.5 end
