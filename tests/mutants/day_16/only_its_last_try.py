"""You remembered only where it was last: a third try may go where the first has failed.

task: 16.6
caught-by: test_day_16.py::test_so_many_tries[2-ab]
"""


class Router:
    def route(self, ask, now):
        # task 16.6 begin
        if going is None:
            self.budget.asked()
        probed = self.ejector.probe(now) if going is None else None
        replica = probed or self.policy.choose(ask, untried.without(self.ejector.out) or untried, now)
        self.going[ask.id] = Going(ask, replica, now, {replica}, probe=probed is not None)
        self.board.sent(replica, ask, now)
        return replica
        # task 16.6 end
