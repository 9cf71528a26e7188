"""The same, written with plain loops, sorted lists and other formulas."""


class RoundRobin:
    def choose(self, ask, reports, now):
        # task 16.1 begin
        names = sorted(report.replica for report in reports)
        return names[divmod(ask.number, len(names))[1]]
        # task 16.1 end


class LeastOutstanding:
    def choose(self, ask, reports, now):
        # task 16.1 begin
        best = None
        for report in reports:
            value = ((report.tokens + ask.tokens) / report.speed, report.requests, report.replica)
            if best is None or value < best:
                best = value
        return best[2]
        # task 16.1 end


class Board:
    def heard(self, report):
        # task 16.2 begin
        kept = {}
        for name, one in self._mine.get(report.replica, {}).items():
            if one.ended is None or one.ended > report.taken:
                kept[name] = one
        self._mine[report.replica] = kept
        # task 16.2 end

    def sent(self, replica, ask, now):
        # task 16.2 begin
        if replica not in self._mine:
            self._mine[replica] = {}
        self._mine[replica].update({ask.id: Sent(tokens=ask.tokens, sent=now, ended=None)})
        # task 16.2 end

    def ended(self, replica, ask_id, now):
        # task 16.2 begin
        there = self._mine.get(replica) or {}
        if ask_id not in there or there[ask_id].ended is not None:
            return
        there[ask_id] = Sent(there[ask_id].tokens, there[ask_id].sent, now)
        # task 16.2 end

    def correct(self, report):
        # task 16.2 begin
        mine = list(self._mine.get(report.replica, {}).values())
        here = [one.tokens for one in mine if one.ended is None]
        pictured = [one.tokens for one in mine if one.sent <= report.taken]
        return report._replace(
            requests=max(report.requests + len(here) - len(pictured), 0),
            tokens=max(report.tokens + sum(here) - sum(pictured), 0),
        )
        # task 16.2 end


class TwoChoices:
    def pair(self, ask, reports):
        # task 16.3 begin
        count = len(reports)
        if count == 1:
            return (reports[0],) * 2
        number = draw(self.seed, ask.id, count * (count - 1), turn=5)
        first, second = divmod(number, count - 1)
        others = [place for place in range(count) if place != first]
        return reports[first], reports[others[second]]
        # task 16.3 end

    def choose(self, ask, reports, now):
        # task 16.3 begin
        pair = self.pair(ask, reports)
        for report in pair:
            if now - report.taken > self.max_age:
                return pair[0].replica
        return min(pair, key=lambda report: (report.tokens + ask.tokens) / report.speed).replica
        # task 16.3 end


class HashRing:
    def add(self, replicas):
        # task 16.4 begin
        import bisect

        for name in set(replicas):
            if name in self.names:
                continue
            self.names = self.names | {name}
            for point in range(self.points):
                place = place_of(f"{name}/{point}".encode())
                at = bisect.bisect(self._places, place)
                self._places.insert(at, place)
                self._owners.insert(at, name)
        # task 16.4 end

    def walk(self, key):
        # task 16.4 begin
        start = bisect_right(self._places, place_of(key))
        return iter(dict.fromkeys(self._owners[start:] + self._owners[:start]))
        # task 16.4 end


def room(report, reports, factor):
    # task 16.4 begin
    if factor == float("inf"):
        return True
    share = report.speed / sum(each.speed for each in reports)
    everybody = 1 + sum(each.requests for each in reports)
    return report.requests < factor * everybody * share - 1e-9
    # task 16.4 end


class PrefixAffinity:
    def key(self, ask):
        # task 16.4 begin
        if not ask.prefix:
            return ask.id.encode("utf-8", "surrogatepass")
        return ask.prefix[min(self.depth, len(ask.prefix)) - 1]
        # task 16.4 end

    def choose(self, ask, reports, now):
        # task 16.4 begin
        with_room = [
            name
            for name in self._ring.walk(self.key(ask))
            if reports.of(name) is not None and room(reports.of(name), reports, self.factor)
        ][: self.look]
        best, most = with_room[0], -1
        for name in with_room:
            count = stored(ask, reports.of(name))
            if count > most:
                best, most = name, count
        return best
        # task 16.4 end


def stored(ask, report):
    # task 16.4 begin
    from itertools import takewhile

    return len(list(takewhile(lambda name: name in report.prefixes, ask.prefix)))
    # task 16.4 end
