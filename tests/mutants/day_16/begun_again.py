"""You tried again what its caller has already seen the beginning of.

task: 16.6
caught-by: test_day_16.py::test_what_has_shown_something_is_not
"""


class Router:
    def failed(self, ask_id, now):
        # task 16.6 begin
        elsewhere = not self.board.reports.names <= going.tried
        if len(going.tried) < self.tries and elsewhere and self.budget.take():
            return True
        del self.going[ask_id]
        return False
        # task 16.6 end
