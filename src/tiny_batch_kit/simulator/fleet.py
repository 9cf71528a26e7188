"""A fleet without a model: many schedulers, each with a cache of its own, behind the student's router.

A heap holds what happens next: a step ends, a report is made, a replica dies or comes back.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import count
from typing import Any

from tiny_batch_kit.course import implementations
from tiny_batch_kit.simulator.replica import Coming, Outage, Replica, Served
from tiny_batch_kit.simulator.simulate import SimulatedRequest

REFUSED = 0.01
"""Seconds until a router learns that nobody is there."""
_STEP, _REPORT, _HEAR, _DIE, _RISE, _FAIL = range(6)


class Fleet:
    """Replicas behind one or more routers, each of which has its share of the requests and sees only its own."""

    def __init__(
        self,
        replicas: Sequence[Replica],
        make_router: Callable[[int, list[Any]], Any],
        *,
        routers: int = 1,
        every: float = 1.0,
        delay: float = 0.0,
        outages: Iterable[Outage] = (),
        timer: Callable[[], float] | None = None,
    ) -> None:
        """make_router: from its number and the first reports. every: seconds between a replica's reports; 0: routers
        know all at once. delay: how old a report is when it comes. timer: seconds, for what routers take.
        """
        self.replicas, self.every, self.delay, self.timer = list(replicas), every, delay, timer
        self._by_name = {each.name: each for each in self.replicas}
        reports = implementations.load("reports")
        self._ask, self._report = reports.Ask, reports.Report
        self._waiting = implementations.load("request").RequestState.WAITING
        first = [each.report(self._report, -1.0) for each in self.replicas]
        self.routers = [make_router(number, first) for number in range(routers)]
        self.found = Served()
        self._number = {each.name: number for number, each in enumerate(self.replicas)}
        for name in ("requests", "computed", "busy"):
            setattr(self.found, name, [0] * len(self.replicas))
        self._heap: list[tuple[float, int, int, Any, Any]] = []
        self._order = count()
        self._open: dict[str, tuple[Coming, Any, int]] = {}  # requests without an end, with their asks and routers
        for number, each in enumerate(self.replicas if every else ()):
            self._push((number + 1) / len(self.replicas) * every, _REPORT, each, None)
        for outage in outages:
            self._push(outage.at, _DIE, self.replicas[outage.replica], None)
            if outage.back < float("inf"):
                self._push(outage.back, _RISE, self.replicas[outage.replica], None)

    def serve(self, stream: Iterable[Coming], progress: Callable[[int], None] | None = None) -> Served:
        """Serve these, sorted by arrival, until each has an end or an error."""
        coming: Iterator[Coming] = iter(stream)
        one = next(coming, None)
        came = 0
        while one is not None or self._open:
            if one is not None and (not self._heap or one.job.arrival <= self._heap[0][0]):
                self._arrive(one, came)
                came += 1
                if progress is not None and came % 2000 == 0:
                    progress(came)
                one = next(coming, None)
                continue
            now, _, kind, what, more = heapq.heappop(self._heap)
            if kind == _STEP:
                self._end_step(what, more, now)
            elif kind == _REPORT:
                self._tell(what, now)
            else:
                self._happen(kind, what, more, now)
        return self.found

    def _push(self, at: float, kind: int, what: Any, more: Any) -> None:
        heapq.heappush(self._heap, (at, next(self._order), kind, what, more))

    def _arrive(self, one: Coming, came: int) -> None:
        job, routers = one.job, len(self.routers)
        ask = self._ask(job.id, came // routers, job.prompt_tokens + job.output_tokens, one.prefix)
        self._open[job.id] = (one, ask, came % routers)
        self._route(job.id, job.arrival)

    def _route(self, name: str, now: float) -> None:
        one, ask, router = self._open[name]
        if self.timer is None:
            chosen = self.routers[router].route(ask, now)
        else:
            start = self.timer()
            chosen = self.routers[router].route(ask, now)
            self.found.routing += self.timer() - start
        replica = self._by_name[chosen]
        number = self._number[chosen]
        self.found.requests[number] += 1
        if not replica.alive:
            self._push(now + REFUSED, _FAIL, name, router)
            return
        request = SimulatedRequest(one.job, self._waiting, 0)
        request.started = 0
        replica.take(request, ask, router)
        if replica.plan is None:
            self._begin_step(replica, now)

    def _begin_step(self, replica: Replica, now: float) -> None:
        plan = replica.plan = replica.scheduler.plan()
        replica.began = now
        self._push(now + replica.prices.of(plan.work), _STEP, replica, replica.life)

    def _end_step(self, replica: Replica, life: int, now: float) -> None:
        if life != replica.life or not replica.alive:
            return
        plan, scheduler, here, found = replica.plan, replica.scheduler, replica.here, self.found
        number = self._number[replica.name]
        found.computed[number] += plan.num_tokens
        found.busy[number] += now - replica.began
        scheduler.commit(plan)
        found.steps += 1
        found.rows += len(plan.work)
        done = plan.num_tokens
        for work in plan.work:
            request, ask, router = here[work.request_id]
            if work.start > request.started:  # what it did not have to compute was stored
                found.hits += work.start - request.started
                done += work.start - request.started
            request.started = work.start + len(work.tokens)
            if work.wanted:
                request.tokens.append(0)
                if len(request.tokens) == 1:
                    request.first_token = now
                    self.routers[router].shown(request.id)
                if len(request.tokens) == request.output_tokens:
                    scheduler.remove(request.id)
                    done += 1  # its last token is told and never computed
                    self._ended(replica, request, ask, router, now)
        replica.tokens -= done
        if self.every == 0:
            self._hear(replica, replica.report(self._report, now, live=True))
        if scheduler.has_work:
            self._begin_step(replica, now)
        else:
            replica.plan = None

    def _ended(self, replica: Replica, request: SimulatedRequest, ask: Any, router: int, now: float) -> None:
        del replica.here[request.id]
        del self._open[request.id]
        replica.remember(ask.prefix, replica.scheduler.cache.num_blocks)
        self._told(self.routers[router].ended, request.id, now)
        found = self.found
        found.prompts += len(request.prompt)
        found.ttft.append(request.first_token - request.arrived)
        found.latency.append(now - request.arrived)
        found.arrived.append(request.arrived)
        found.seconds = now

    def _told(self, call: Callable[[str, float], Any], name: str, now: float) -> Any:
        if self.timer is None:
            return call(name, now)
        start = self.timer()
        answer = call(name, now)
        self.found.routing += self.timer() - start
        return answer

    def _tell(self, replica: Replica, now: float) -> None:
        if replica.alive:
            report = replica.report(self._report, now)
            if self.delay:
                self._push(now + self.delay, _HEAR, replica, report)
            else:
                self._hear(replica, report)
        self._push(now + self.every, _REPORT, replica, None)

    def _hear(self, replica: Replica, report: Any) -> None:
        for router in self.routers:
            router.heard(report)

    def _happen(self, kind: int, what: Any, more: Any, now: float) -> None:
        if kind == _DIE:
            what.alive, lost, what.here = False, what.here, {}
            for name, (_, _, router) in lost.items():
                self._failed(name, router, now)
        elif kind == _RISE:
            what.rise()
        elif kind == _FAIL:
            self._failed(what, more, now)
        else:
            self._hear(what, more)

    def _failed(self, name: str, router: int, now: float) -> None:
        if self._told(self.routers[router].failed, name, now):
            self.found.retries += 1
            self._route(name, now)
        else:
            self.found.errors += 1
            del self._open[name]
            self.found.seconds = now
