"""You looked at all replicas with room, not at the first few.

task: 16.4
caught-by: test_day_16.py::test_stores_decide_between_the_first_with_room[look-1]
"""


class PrefixAffinity:
    def choose(self, ask, reports, now):
        # task 16.4 begin
        found: list[Report] = []
        for name in self._ring.walk(self.key(ask)):
            report = reports.of(name)
            if report is not None and room(report, reports, self.factor):
                found.append(report)
            if len(found) == len(reports):
                break
        return max(found, key=lambda report: stored(ask, report)).replica
        # task 16.4 end
