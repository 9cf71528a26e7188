"""A fleet on Ray Serve: begun, made anew without losing a request, and ended. Imports Ray when it begins."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from tiny_batch_kit.base.errors import KitError
from tiny_batch_kit.course import implementations
from tiny_batch_kit.server.app import make_app
from tiny_batch_kit.server.build import Built
from tiny_batch_kit.server.fleet import desk as desks
from tiny_batch_kit.server.fleet.desk import Desk
from tiny_batch_kit.server.fleet.front import FleetLife, FleetService, FleetWatch
from tiny_batch_kit.server.fleet.replica import EngineReplica, Plan
from tiny_batch_kit.server.guard import Rules
from tiny_batch_kit.server.metrics import Metrics

NAME = "fleet"
CLASS = "tiny_batch_kit.server.fleet.routing.StudentsRouter"
NEVER_FULL = 1_000_000
"""Requests at once that Ray lets through to a replica: the student's own queue says when it is full."""


@dataclass(frozen=True)
class Size:
    """How many replicas. most: with autoscaling, up to so many; None: always `replicas`.

    target: requests, waiting or running, that each replica should have: with more for `up` seconds there come more
    replicas, with fewer for `down` seconds some go. every: seconds between a replica's reports. drain: seconds that a
    replica has to end its answers when it is replaced.
    """

    replicas: int = 2
    most: int | None = None
    target: float = 16.0
    up: float = 5.0
    down: float = 60.0
    every: float = 1.0
    drain: float = 30.0

    @property
    def cpus(self) -> int:
        """How many a cluster must have: one for each replica, and for two that come or go."""
        return max(self.replicas, self.most or 0) + 2


class Fleet:
    """Replicas of a plan. `send` is what a front needs of Ray, `desk` the student's router."""

    def __init__(self, desk: Desk, plan: Plan, size: Size, name: str = NAME) -> None:
        """name: in Ray. KitError if the replicas can't be made."""
        self.desk, self.plan, self.size, self.name = desk, plan, size, name
        self._run()

    def begin(self) -> None:
        """Let this process's router learn of the replicas. KitError if that takes too long."""
        from ray import serve

        handle = serve.get_app_handle(self.name)
        self.send = handle.options(method_name="answer", stream=True).remote
        until = time.monotonic() + 60
        while self.desk.size < self.size.replicas:
            if time.monotonic() > until:
                raise KitError(f"Ray Serve has started {self.desk.size} of {self.size.replicas} replicas in a minute.")
            time.sleep(0.02)

    def update(self) -> None:
        """Replace all replicas, one by one, by new ones, which read the student's files anew.

        An old one goes when a new one is there, and has ended what it had. KitError if the new ones can't be made; then
        the old ones stay.
        """
        self.plan = replace(self.plan, release=self.plan.release + 1)
        self._run()

    def _run(self) -> None:
        from ray import serve
        from ray.serve.config import AutoscalingConfig, RequestRouterConfig

        size, options = self.size, dict[str, Any]()
        if size.most is None:
            options["num_replicas"] = size.replicas
        else:
            options["autoscaling_config"] = AutoscalingConfig(
                min_replicas=size.replicas,
                max_replicas=size.most,
                target_ongoing_requests=size.target,
                upscale_delay_s=size.up,
                downscale_delay_s=size.down,
                look_back_period_s=max(10.5, 2 * size.up),  # Ray wants more than 10
            )
        deployment = serve.deployment(
            name="replica",
            max_ongoing_requests=NEVER_FULL,
            ray_actor_options={"num_cpus": 1},
            health_check_period_s=2.0,
            health_check_timeout_s=10.0,
            graceful_shutdown_wait_loop_s=0.2,
            graceful_shutdown_timeout_s=size.drain,
            max_surge_percent=min(100, -(-100 // size.replicas)),  # one more, while one is replaced
            request_router_config=RequestRouterConfig(
                request_router_class=CLASS,
                request_router_kwargs={"desk_name": self.name},
                request_routing_stats_period_s=size.every,
            ),
            **options,
        )(EngineReplica)
        try:
            serve.run(deployment.bind(self.plan), name=self.name, route_prefix=None)
        except RuntimeError as error:
            raise KitError(f"Ray Serve could not start the replicas: {str(error).strip().splitlines()[-1]}") from error

    def shown(self) -> dict[str, Any]:
        """The fleet in numbers, as /fleet tells."""
        counts = {"retries": self.desk.retries, "errors": self.desk.errors, "deaths": self.desk.deaths}
        return {"release": self.plan.release, "replicas": self.desk.replicas, **counts}


@contextmanager
def running(
    plan: Plan, size: Size, policy: str = "two choices", *, name: str = NAME, others: bool = False
) -> Iterator[Fleet]:
    """A fleet that serves, on the Ray that is started. others: whether that Ray is also for others, and goes on.

    Behind the block its replicas are gone; on a cluster of our own, they go with it.
    """
    from ray import serve

    desk = Desk(implementations.load("router").Router(desks.policy(policy)))
    desks.put(name, desk)
    logging.getLogger("ray.serve").setLevel(logging.ERROR)
    serve.start(proxy_location="Disabled", logging_config={"log_level": "ERROR"})
    try:
        fleet = Fleet(desk, plan, size, name)
        fleet.begin()
        yield fleet
    finally:
        if others:
            serve.delete(name)


def front(fleet: Fleet, tokenizer: Any, model: str, rules: Rules | None = None) -> Built:
    """Day 15's server, whose answers come from a fleet."""
    load, watch = implementations.load, FleetWatch(Metrics())
    longest = fleet.plan.options["max_seq_len"]
    service = FleetService(fleet.desk, fleet.send, tokenizer, model=model, max_seq_len=longest)
    watch.follow(service)
    life = FleetLife(service, lambda ok, why: load("life").Health(ok, why, fleet.desk.deaths))
    app = make_app(service, life, watch, load("refusals"), rules, {"/fleet": fleet.shown})
    return Built(app, life, watch, service)
