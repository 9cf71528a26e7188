"""You did not count ejected replicas as places to try.

task: 16.6
caught-by: test_day_16.py::test_a_second_try_may_go_to_an_ejected_one
"""


class Router:
    def failed(self, ask_id, now):
        # task 16.6 begin
        elsewhere = not self.board.reports.names - self.ejector.out <= going.tried
        if not going.shown and len(going.tried) < self.tries and elsewhere and self.budget.take():
            return True
        del self.going[ask_id]
        return False
        # task 16.6 end
