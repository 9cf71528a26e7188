"""You never sent a probe: a replica that is out stays out.

task: 16.6
caught-by: test_day_16.py::test_a_probe_is_one_request
"""


class Router:
    def route(self, ask, now):
        # task 16.6 begin
        if going is None:
            self.budget.asked()
        probed = None
        replica = probed or self.policy.choose(ask, untried.without(self.ejector.out) or untried, now)
        self.going[ask.id] = Going(ask, replica, now, tried | {replica}, probe=probed is not None)
        self.board.sent(replica, ask, now)
        return replica
        # task 16.6 end
