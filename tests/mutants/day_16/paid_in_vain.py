"""You took a retry before all else allowed one.

task: 16.6
caught-by: test_day_16.py::test_no_retry_is_taken_in_vain
"""


class Router:
    def failed(self, ask_id, now):
        # task 16.6 begin
        elsewhere = not self.board.reports.names <= going.tried
        if self.budget.take() and not going.shown and len(going.tried) < self.tries and elsewhere:
            return True
        del self.going[ask_id]
        return False
        # task 16.6 end
