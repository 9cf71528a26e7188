"""Where the home had no room you took the least busy one: the prefix is then stored everywhere.

task: 16.4
caught-by: test_day_16.py::test_a_hot_prefix_goes_on_to_the_next
"""


class PrefixAffinity:
    def choose(self, ask, reports, now):
        # task 16.4 begin
        found: list[Report] = []
        for name in self._ring.walk(self.key(ask)):
            report = reports.of(name)
            if report is not None and room(report, reports, self.factor):
                found.append(report)
            if len(found) == self.look:
                break
        home = next(name for name in self._ring.walk(self.key(ask)) if reports.of(name) is not None)
        if found[0].replica != home:
            return min(reports, key=lambda report: (report.requests, report.replica != home)).replica
        return max(found, key=lambda report: stored(ask, report)).replica
        # task 16.4 end
