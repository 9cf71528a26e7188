"""You forgot all that had ended whenever a report came, even what ended after the report was taken.

task: 16.2
caught-by: test_day_16.py::test_an_old_report_may_come_behind_the_end[after]
"""


class Board:
    def heard(self, report):
        # task 16.2 begin
        mine = self._mine.setdefault(report.replica, {})
        for name in [name for name, one in mine.items() if one.ended is not None]:
            del mine[name]
        # task 16.2 end
