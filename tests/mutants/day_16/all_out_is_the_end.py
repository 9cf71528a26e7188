"""You gave the policy no replica to choose from when all were ejected.

task: 16.6
caught-by: test_day_16.py::test_better_an_ejected_one_than_none
"""


class Router:
    def route(self, ask, now):
        # task 16.6 begin
        if going is None:
            self.budget.asked()
        probed = self.ejector.probe(now) if going is None else None
        replica = probed or self.policy.choose(ask, untried.without(self.ejector.out), now)
        self.going[ask.id] = Going(ask, replica, now, tried | {replica}, probe=probed is not None)
        self.board.sent(replica, ask, now)
        return replica
        # task 16.6 end
