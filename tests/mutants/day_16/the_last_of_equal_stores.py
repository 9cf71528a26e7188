"""Of equally full stores you took the last on the way.

task: 16.4
caught-by: test_day_16.py::test_stores_decide_between_the_first_with_room[equal]
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
        return max(reversed(found), key=lambda report: stored(ask, report)).replica
        # task 16.4 end
