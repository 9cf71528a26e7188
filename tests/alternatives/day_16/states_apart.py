"""The ejector with its three states written out, and a router that asks the same questions in another order."""


class Ejector:
    def succeeded(self, replica, pace, now):
        # task 16.5 begin
        state = "in" if replica not in self.out else "probed" if health.probing else "out"
        if state == "out":
            return
        if state == "probed":
            usual = self.usual()
            well = usual is None or pace <= self.slow * usual
            if well:
                self.out.remove(replica)
                health.failures, health.pace, health.seen = 0, 0.0, 0
                health.times, health.until, health.probing = 0, None, False
            else:
                self._eject(replica, now)
            return
        health.failures = 0
        if health.seen < self.least:
            health.pace = (health.pace * health.seen + pace) / (health.seen + 1)
        else:
            health.pace = 0.8 * health.pace + 0.2 * pace
        health.seen += 1
        # task 16.5 end

    def failed(self, replica, now):
        # task 16.5 begin
        if replica in self.out:
            if health.probing:
                self._eject(replica, now)
        else:
            health.failures += 1
            if health.failures < self.failures:
                return
            if self._may_eject():
                self._eject(replica, now)
        # task 16.5 end

    def sweep(self, now):
        # task 16.5 begin
        usual = self.usual()
        while usual is not None and self._may_eject():
            slow = [name for name, health in self._paced() if health.pace > self.slow * usual]
            if not slow:
                return
            self._eject(max(sorted(slow), key=lambda name: self._health[name].pace), now)
        # task 16.5 end

    def probe(self, now):
        # task 16.5 begin
        best = None
        for name in sorted(self.out):
            health = self._health[name]
            if health.probing or now < health.until:
                continue
            if best is None or health.until < self._health[best].until:
                best = name
        if best is not None:
            self._health[best].probing = True
        return best
        # task 16.5 end

    def _may_eject(self):
        # task 16.5 begin
        import math

        return len(self.out) < math.floor(self.max_share * len(self._health))
        # task 16.5 end

    def _eject(self, replica, now):
        # task 16.5 begin
        health, seconds = self._health[replica], self.base
        for _ in range(health.times):
            seconds = 2 * seconds
            if seconds >= self.longest:
                break
        health.until, health.probing = now + min(seconds, self.longest), False
        health.times += 1
        self.out |= {replica}
        # task 16.5 end


class RetryBudget:
    def asked(self):
        # task 16.6 begin
        self.left += self.share
        if self.left > self.most:
            self.left = self.most
        # task 16.6 end

    def take(self):
        # task 16.6 begin
        rest = round(self.left - 1, 9)
        if rest < 0:
            return False
        self.left = rest
        return True
        # task 16.6 end


class Router:
    def route(self, ask, now):
        # task 16.6 begin
        replica, probe = None, False
        if ask.id not in self.going:
            self.budget.asked()
            replica = self.ejector.probe(now)
            probe = replica is not None
        if replica is None:
            well = untried.without(self.ejector.out)
            replica = self.policy.choose(ask, well if len(well) else untried, now)
        self.board.sent(replica, ask, now)
        been = {*tried, replica}
        self.going[ask.id] = Going(ask, replica, now, been, False, probe)
        return replica
        # task 16.6 end

    def failed(self, ask_id, now):
        # task 16.6 begin
        others = [report.replica for report in self.board.reports if report.replica not in going.tried]
        hopeless = going.shown or len(going.tried) >= self.tries or not others
        if hopeless or not self.budget.take():
            self.going.pop(ask_id)
            return False
        return True
        # task 16.6 end
