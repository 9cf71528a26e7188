"""What Prometheus is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)


class Metrics:
    """The numbers of one server. They may be set from any thread."""

    content_type = "text/plain; version=0.0.4; charset=utf-8"

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        own: dict[str, Any] = {"namespace": "tiny_batch", "registry": self._registry}
        self._finished = Counter("requests_finished", "Requests that have ended in the engine", ["reason"], **own)
        self._refused = Counter("requests_refused", "Requests that got an error", ["status"], **own)
        self._tokens = Counter("generated_tokens", "New tokens", **own)
        self._cached = Counter("cached_prompt_tokens", "Prompt tokens that were not computed again", **own)
        self._times = {
            "queue_time": Histogram("queue_time_seconds", "From arrival to a slot", buckets=SECONDS, **own),
            "ttft": Histogram("time_to_first_token_seconds", "From arrival to the first token", buckets=SECONDS, **own),
            "tpot": Histogram("time_per_output_token_seconds", "Mean from token to token", buckets=SECONDS, **own),
            "latency": Histogram("request_seconds", "From arrival to the end", buckets=SECONDS, **own),
        }
        self._running = Gauge("requests_running", "Requests in a slot", **own)
        self._waiting = Gauge("requests_waiting", "Requests in the queue", **own)
        self._used = Gauge("pages_used", "Pages in use", **own)
        self._total = Gauge("pages", "Pages there are", **own)
        self._up = Gauge("engine_up", "1 if the engine is well", **own)
        self._restarts = Gauge("engine_restarts", "Engines that were replaced", **own)
        self._seen_tokens = 0

    def ended(self, event: Any) -> None:
        """A request has ended in the engine."""
        self._finished.labels(event.reason.value).inc()
        self._cached.inc(getattr(event, "cached_tokens", 0))
        for name, histogram in self._times.items():
            seconds = getattr(event, name)
            if seconds is not None:
                histogram.observe(seconds)

    def refused(self, status: int) -> None:
        """A request got an error."""
        self._refused.labels(str(status)).inc()

    def look(self, state: Mapping[str, Any]) -> None:
        """The newest state."""
        self._running.set(state["running"])
        self._waiting.set(state["waiting"])
        self._tokens.inc(state["tokens"] - self._seen_tokens)
        self._seen_tokens = state["tokens"]
        pages = state.get("pages")
        if pages:
            self._used.set(pages["used"])
            self._total.set(pages["total"])

    def follow(self, health: Callable[[], Any]) -> None:
        """Ask for the health whenever the numbers are read."""
        self._up.set_function(lambda: float(health().ok))
        self._restarts.set_function(lambda: float(health().restarts))

    def text(self) -> bytes:
        """All numbers, as Prometheus reads them."""
        return generate_latest(self._registry)
