"""You counted those without room among the first few.

task: 16.4
caught-by: test_day_16.py::test_stores_decide_between_the_first_with_room[the-full-do-not-count]
"""


class PrefixAffinity:
    def choose(self, ask, reports, now):
        # task 16.4 begin
        found: list[Report] = []
        for number, name in enumerate(self._ring.walk(self.key(ask))):
            if number >= self.look and found:
                break
            report = reports.of(name)
            if report is not None and room(report, reports, self.factor):
                found.append(report)
            if len(found) == self.look:
                break
        return max(found, key=lambda report: stored(ask, report)).replica
        # task 16.4 end
