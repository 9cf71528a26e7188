"""You paid into the purse for second tries too: retries then pay for retries.

task: 16.6
caught-by: test_day_16.py::test_only_first_tries_pay
"""


class Router:
    def route(self, ask, now):
        # task 16.6 begin
        self.budget.asked()
        probed = self.ejector.probe(now) if going is None else None
        replica = probed or self.policy.choose(ask, untried.without(self.ejector.out) or untried, now)
        self.going[ask.id] = Going(ask, replica, now, tried | {replica}, probe=probed is not None)
        self.board.sent(replica, ask, now)
        return replica
        # task 16.6 end
