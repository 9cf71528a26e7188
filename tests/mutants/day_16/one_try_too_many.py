"""You tried once more than was allowed.

task: 16.6
caught-by: test_day_16.py::test_so_many_tries[1-a]
"""


class Router:
    def failed(self, ask_id, now):
        # task 16.6 begin
        elsewhere = not self.board.reports.names <= going.tried
        if not going.shown and len(going.tried) <= self.tries and elsewhere and self.budget.take():
            return True
        del self.going[ask_id]
        return False
        # task 16.6 end
