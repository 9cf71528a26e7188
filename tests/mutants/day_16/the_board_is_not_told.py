"""You did not tell the board what was sent.

task: 16.6
caught-by: test_day_16.py::test_it_goes_where_the_policy_says
"""


class Router:
    def route(self, ask, now):
        # task 16.6 begin
        if going is None:
            self.budget.asked()
        probed = self.ejector.probe(now) if going is None else None
        replica = probed or self.policy.choose(ask, untried.without(self.ejector.out) or untried, now)
        self.going[ask.id] = Going(ask, replica, now, tried | {replica}, probe=probed is not None)
        pass
        return replica
        # task 16.6 end
