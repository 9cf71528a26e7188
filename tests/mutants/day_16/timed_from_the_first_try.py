"""You kept the time of a request's first try when it was tried again. So the second replica is charged with the first
one's time, and a healthy one looks slow.

task: 16.6
caught-by: test_day_16.py::test_a_retry_is_timed_from_where_it_went_anew
"""


class Router:
    def route(self, ask, now):
        # task 16.6 begin
        if going is None:
            self.budget.asked()
        probed = self.ejector.probe(now) if going is None else None
        replica = probed or self.policy.choose(ask, untried.without(self.ejector.out) or untried, now)
        sent = going.sent if going else now
        self.going[ask.id] = Going(ask, replica, sent, tried | {replica}, probe=probed is not None)
        self.board.sent(replica, ask, now)
        return replica
        # task 16.6 end
