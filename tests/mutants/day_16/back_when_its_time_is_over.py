"""You let a replica back as soon as its time was over, without a probe.

task: 16.5
caught-by: test_day_16.py::test_a_bad_probe_doubles_its_time
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
        _, name = min(due)
        self.out.discard(name)
        self._health[name] = Health()
        return name
        # task 16.5 end
