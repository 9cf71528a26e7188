"""You compared how many replicas a request has been at with how many there are. One that is gone by now still counts
as tried, so a request with a place left to go gets an error.

task: 16.6
caught-by: test_day_16.py::test_a_place_that_is_gone_is_no_place_to_try
"""


class Router:
    def failed(self, ask_id, now):
        # task 16.6 begin
        elsewhere = len(going.tried) < len(self.board.reports)
        if not going.shown and len(going.tried) < self.tries and elsewhere and self.budget.take():
            return True
        del self.going[ask_id]
        return False
        # task 16.6 end
