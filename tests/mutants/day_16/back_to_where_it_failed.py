"""You let a second try go where the first has failed.

task: 16.6
caught-by: test_day_16.py::test_what_has_shown_nothing_is_tried_elsewhere
"""


class Router:
    def route(self, ask, now):
        # task 16.6 begin
        if going is None:
            self.budget.asked()
        probed = self.ejector.probe(now) if going is None else None
        replica = probed or self.policy.choose(ask, self.board.reports, now)
        self.going[ask.id] = Going(ask, replica, now, tried | {replica}, probe=probed is not None)
        self.board.sent(replica, ask, now)
        return replica
        # task 16.6 end
