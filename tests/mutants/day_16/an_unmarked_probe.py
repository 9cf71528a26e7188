"""You did not note that the request is a probe: the ejector never hears how it went.

task: 16.6
caught-by: test_day_16.py::test_a_probe_is_one_request
"""


class Router:
    def route(self, ask, now):
        # task 16.6 begin
        if going is None:
            self.budget.asked()
        probed = self.ejector.probe(now) if going is None else None
        replica = probed or self.policy.choose(ask, untried.without(self.ejector.out) or untried, now)
        self.going[ask.id] = Going(ask, replica, now, tried | {replica}, probe=False)
        self.board.sent(replica, ask, now)
        return replica
        # task 16.6 end
