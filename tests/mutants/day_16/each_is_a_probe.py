"""You marked each request as a probe: earlier ones bring an ejected replica back.

task: 16.6
caught-by: test_day_16.py::test_a_request_from_before_is_no_probe
"""


class Router:
    def route(self, ask, now):
        # task 16.6 begin
        if going is None:
            self.budget.asked()
        probed = self.ejector.probe(now) if going is None else None
        replica = probed or self.policy.choose(ask, untried.without(self.ejector.out) or untried, now)
        self.going[ask.id] = Going(ask, replica, now, tried | {replica}, probe=True)
        self.board.sent(replica, ask, now)
        return replica
        # task 16.6 end
