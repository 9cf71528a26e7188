"""A fleet of real processes on Ray Serve: one is killed under load, and all are replaced under load."""

import json
import os
import signal
import threading
import time

import httpx2
import pytest

from tiny_batch_kit.machine import cluster
from tiny_batch_kit.model.checkpoints import load_checkpoint
from tiny_batch_kit.model.oracle import serve_alone
from tiny_batch_kit.server.fleet.fleet import Size, front, running
from tiny_batch_kit.server.fleet.replica import Plan
from tiny_batch_kit.server.local import LocalServer
from tiny_batch_kit.simulator import sweep
from tiny_batch_kit.simulator.spread import spread
from tiny_batch_kit.simulator.sweep import Documents, Setting

pytestmark = [
    pytest.mark.usefixtures("reference"),
    pytest.mark.skipif(
        not cluster.is_installed(),
        reason="no Ray Serve: `./scripts/course fleet`, once, installs it (or pdm install -G fleet)",
    ),
    pytest.mark.timeout(300),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:ray"),
]

TINY = load_checkpoint("tiny-random")
SIZE = Size(replicas=2, every=0.5, drain=60.0)
PATIENCE = 120.0


@pytest.fixture(scope="module")
def ray():
    with cluster.started(cpus=SIZE.cpus) as ray:
        yield ray


@pytest.fixture(scope="module")
def fleet(ray, reference):
    plan = Plan("ref", "tiny-random", {"slots": 2, "max_seq_len": 2048})
    with running(plan, SIZE) as fleet:
        yield fleet


@pytest.fixture(scope="module")
def server(fleet):
    with LocalServer(front(fleet, TINY.tokenizer, "tiny-random"), drain_seconds=20.0) as server:
        yield server


def wait_for(condition, what):
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError(f"not within {PATIENCE:g} s: {what}")


def alone(prompt, tokens):
    """What the model says to a prompt by itself."""
    ids = serve_alone(TINY.model, TINY.tokenizer.encode(prompt), tokens).tokens
    return TINY.tokenizer.decode([each for each in ids if each < 256])


class Asked(threading.Thread):
    """One caller: what it has read, and how that ended."""

    def __init__(self, server, prompt, tokens, stream=True):
        super().__init__(daemon=True)
        self.server, self.prompt, self.tokens, self.stream = server, prompt, tokens, stream
        self.text, self.ends, self.error, self.status, self.seen_at = "", 0, None, None, None

    def run(self):
        body = {"model": "tiny-random", "prompt": self.prompt, "max_tokens": self.tokens, "temperature": 0}
        with httpx2.Client(base_url=self.server.url, timeout=PATIENCE) as client:
            if not self.stream:
                got = client.post("/v1/completions", json=body)
                self.status, self.ends = got.status_code, 1
                if got.status_code == 200:
                    self.text = got.json()["choices"][0]["text"]
                else:
                    self.error = got.json()["error"]
                return
            with client.stream("POST", "/v1/completions", json={**body, "stream": True}) as response:
                self.status = response.status_code
                for line in response.iter_lines():
                    if line:
                        self.hear(line.removeprefix("data: "))

    def hear(self, data):
        if data == "[DONE]":
            self.ends += 1
        elif "error" in (said := json.loads(data)):
            self.error = said["error"]
            self.ends += 1
        else:
            self.seen_at = self.seen_at or time.monotonic()
            self.text += said["choices"][0]["text"]


def test_answers_are_those_of_the_model_alone(server):
    whole, streamed = Asked(server, "abc", 20, stream=False), Asked(server, "abc", 20)
    for each in (whole, streamed):
        each.start()
        each.join(PATIENCE)
    assert (whole.status, streamed.status) == (200, 200)
    assert whole.text == streamed.text == alone("abc", 20)
    with httpx2.Client(base_url=server.url, timeout=PATIENCE) as client:
        long = client.post("/v1/completions", json={"model": "tiny-random", "prompt": "x" * 3000})
        assert (long.status_code, long.json()["error"]["code"]) == (400, "context_length_exceeded")


def test_reports_come_with_ray(server, fleet):
    wait_for(lambda: all("taken" in each for each in fleet.desk.replicas.values()), "each replica has reported")
    first = {name: each["taken"] for name, each in fleet.desk.replicas.items()}
    wait_for(
        lambda: all(fleet.desk.replicas[name]["taken"] > taken for name, taken in first.items()), "and reports again"
    )


def test_who_hangs_up_leaves_no_replica_at_work(server, fleet):
    body = {"model": "tiny-random", "prompt": "abc", "max_tokens": 1500, "temperature": 0, "stream": True}
    with (
        httpx2.Client(base_url=server.url, timeout=PATIENCE) as client,
        client.stream("POST", "/v1/completions", json=body) as response,
    ):
        next(response.iter_lines())
    assert not fleet.desk.errors
    wait_for(lambda: not server.built.service.open and not fleet.desk.router.going, "nothing is open")
    now = time.time()
    wait_for(
        lambda: all(each["taken"] > now and not each["requests"] for each in fleet.desk.replicas.values()),
        "the replicas say that they have nothing to do",
    )


def test_a_request_that_the_router_sends_nowhere_ends_with_an_error(server, fleet, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(fleet.desk, "choose", lambda name, attempt, there: NOWHERE[name])
        lost = [Asked(server, "abc", 20, stream=False) for _ in range(5)]
        for each in lost:
            each.start()
        for each in lost:
            each.join(PATIENCE)
    assert [(each.status, each.error["code"]) for each in lost] == [(500, "engine_failed")] * 5
    well = Asked(server, "abc", 20, stream=False)
    well.run()
    assert well.status == 200, "and Ray goes on"


NOWHERE: dict[str, str] = {}


def test_a_replica_is_killed_under_load(server, fleet):
    errors = fleet.desk.errors
    words = alone("abc", 400)
    callers = [Asked(server, "abc", 400, stream=number % 3 != 0) for number in range(12)]  # 4 run, 8 wait
    for each in callers:
        each.start()
    wait_for(lambda: len(server.built.service.open) == len(callers), "all have come")
    wait_for(lambda: sum(each.seen_at is not None for each in callers) >= 2, "some have seen something")
    streaming = {call.where for call in server.ask(lambda: list(server.built.service.open.values())) if call.made}
    victim = sorted(streaming - {None})[0]
    os.kill(fleet.desk.replicas[victim]["pid"], signal.SIGKILL)
    for each in callers:
        each.join(PATIENCE)

    assert all(each.ends == 1 for each in callers), "each has one end"
    broken = [each for each in callers if each.error]
    assert 1 <= len(broken) <= 2, "those that streamed from it, of which there were at most two"
    for each in broken:
        assert each.stream
        assert 0 < len(each.text) < len(words)
        assert words.startswith(each.text)
        assert each.error["code"] == "engine_failed"
    for each in callers:
        if not each.error:
            assert each.text == words, "nothing is lost, and nothing is read twice"
    assert fleet.desk.errors - errors == len(broken)
    assert fleet.desk.retries >= 1
    assert not fleet.desk.router.going
    assert not server.built.service.open
    wait_for(lambda: fleet.desk.size == 2 and victim not in fleet.desk.replicas, "another one has taken its place")


def test_all_replicas_are_replaced_under_load_and_no_request_is_lost(server, fleet):
    before, words, done, stop = set(fleet.desk.replicas), alone("abc", 40), [], threading.Event()
    errors = fleet.desk.errors

    def go_on(number):
        while not stop.wait(0.1):  # the new replicas want some of the machine, too
            caller = Asked(server, "abc", 40, stream=number % 2 == 0)
            caller.run()
            done.append(caller)

    callers = [threading.Thread(target=go_on, args=(number,), daemon=True) for number in range(4)]
    for each in callers:
        each.start()
    fleet.update()
    stop.set()
    for each in callers:
        each.join(PATIENCE)
    assert len(done) >= 8
    assert [each.error for each in done if each.error] == []
    assert all(each.text == words and each.ends == 1 for each in done)
    assert fleet.desk.errors == errors
    wait_for(
        lambda: [each.get("release") for each in fleet.desk.replicas.values()] == [1, 1], "all are of the new release"
    )
    assert before.isdisjoint(fleet.desk.replicas)


def test_a_sweep_over_the_cluster_says_what_it_says_alone(ray):
    small = Setting(replicas=3, requests=200, routers=2, workload=Documents(documents=16))
    settings = sweep.grid(small, policy=("round robin", "two choices", "affinity"), rate=(1.0, 2.0), seed=(0, 1))
    told = []
    rows = sweep.sweep(settings, lambda run, each: spread(ray, "ref", run, each, told.append))
    assert rows == sweep.sweep(settings)
    assert told[-1] == len(settings)


def test_replicas_come_when_requests_queue(ray, server, request):
    if not request.config.getoption("--soak"):
        pytest.skip("half a minute: --soak")
    plan = Plan("ref", "tiny-random", {"slots": 2, "max_seq_len": 2048})
    size = Size(replicas=1, most=2, target=2.0, up=1.0, every=0.5)
    with (
        running(plan, size, name="another") as fleet,
        LocalServer(front(fleet, TINY.tokenizer, "tiny-random"), drain_seconds=20.0) as other,
    ):
        callers = [Asked(other, "abc", 1500) for _ in range(8)]
        for each in callers:
            each.start()
        wait_for(lambda: fleet.desk.size == 2, "another one has come")
        for each in callers:
            each.join(PATIENCE)
        assert [each.error for each in callers] == [None] * 8
