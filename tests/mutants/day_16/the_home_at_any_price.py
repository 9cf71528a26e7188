"""You never looked whether the home has room.

task: 16.4
caught-by: test_day_16.py::test_a_hot_prefix_goes_on_to_the_next
"""


class PrefixAffinity:
    def choose(self, ask, reports, now):
        # task 16.4 begin
        found: list[Report] = []
        for name in self._ring.walk(self.key(ask)):
            report = reports.of(name)
            if report is not None:
                found.append(report)
            if len(found) == self.look:
                break
        return max(found, key=lambda report: stored(ask, report)).replica
        # task 16.4 end
