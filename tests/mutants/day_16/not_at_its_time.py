"""You sent the probe only after its time, not at it.

task: 16.5
caught-by: test_day_16.py::test_a_probe_when_its_time_is_over[in-time]
"""


class Ejector:
    def probe(self, now):
        # task 16.5 begin
        due = [
            (health.until, name)
            for name in self.out
            if (health := self._health[name]).until is not None and health.until < now and not health.probing
        ]
        if not due:
            return None
        _, name = min(due)
        self._health[name].probing = True
        return name
        # task 16.5 end
