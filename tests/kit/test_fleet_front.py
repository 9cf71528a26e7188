"""The front of a fleet, without Ray: what becomes of a request whose replica dies, refuses or is left."""

import argparse
import asyncio
import json
import subprocess
import sys
from types import SimpleNamespace

import httpx2
import pytest

from tiny_batch_kit.base.errors import KitError
from tiny_batch_kit.commands import fleet as fleet_command
from tiny_batch_kit.commands import simulate as simulate_command
from tiny_batch_kit.course import implementations
from tiny_batch_kit.machine import cluster
from tiny_batch_kit.model.checkpoints import load_checkpoint
from tiny_batch_kit.server.fleet import desk as desks
from tiny_batch_kit.server.fleet.call import Call, shows_nothing
from tiny_batch_kit.server.fleet.desk import Desk, Lost
from tiny_batch_kit.server.fleet.fleet import front
from tiny_batch_kit.server.fleet.replica import EngineReplica, Plan
from tiny_batch_kit.server.local import LocalServer
from tiny_batch_ref.balancing import RoundRobin
from tiny_batch_ref.refusals import EngineFailed, Refusal
from tiny_batch_ref.router import RetryBudget, Router

pytestmark = pytest.mark.usefixtures("reference")

OPENING = ("chunk", {"choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": None}]})


def chunk(text, finish=None):
    return "chunk", {"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": finish}]}


class Time:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


def a_desk(*names, clock=None, **options):
    desk = Desk(Router(RoundRobin(), **options), clock or Time())
    desk.seen({name: {} for name in names})
    return desk


class Gone(Exception):
    """Stands for all of Ray's words for a dead replica."""


class Scripted:
    """In place of Ray's handle: each replica says what its script says; what is an exception is raised."""

    def __init__(self, desk, **scripts):
        self.desk, self.scripts = desk, {name: list(script) for name, script in scripts.items()}
        self.sent, self.cancelled = [], 0

    def __call__(self, name, attempt, *asked):
        return self.Response(self, name, attempt)

    class Response:
        def __init__(self, ray, name, attempt):
            self.ray, self.name, self.attempt, self.script = ray, name, attempt, None

        def __aiter__(self):
            return self

        async def __anext__(self):
            await asyncio.sleep(0)
            if self.script is None:
                replica = self.ray.desk.choose(self.name, self.attempt, self.ray.scripts.keys())
                self.ray.sent.append(replica)
                self.script = self.ray.scripts[replica].pop(0)
            if not self.script:
                raise StopAsyncIteration
            message, *self.script = self.script
            if isinstance(message, Exception):
                raise message
            return message

        def cancel(self):
            self.ray.cancelled += 1


def heard(desk, ray, name="x"):
    """All that a reader hears, and how it ended."""

    async def listen():
        desk.open(name, 10, ())
        call, found = Call(desk, ray, name, 4, 6), []
        try:
            async for message in call.messages():
                found.append(message)
        except Exception as error:
            return found, error
        return found, None

    return asyncio.run(listen())


TAKEN, END = ("taken", "x"), ("end", None)


def test_what_has_shown_nothing_is_answered_by_another_replica_and_its_opening_is_read_once():
    desk = a_desk("a", "b")
    ray = Scripted(desk, a=[[TAKEN, OPENING, Gone()]], b=[[TAKEN, OPENING, chunk("Hi", "stop"), END]])
    found, error = heard(desk, ray)
    assert error is None
    assert found == [TAKEN, OPENING, chunk("Hi", "stop"), END]
    assert (ray.sent, desk.retries, desk.errors) == (["a", "b"], 1, 0)
    assert not desk.router.going


def test_what_has_shown_something_ends_with_an_error():
    desk = a_desk("a", "b")
    ray = Scripted(desk, a=[[TAKEN, OPENING, chunk("H"), Gone()]], b=[[TAKEN, chunk("Hi"), END]])
    found, error = heard(desk, ray)
    assert isinstance(error, EngineFailed)
    assert found == [TAKEN, OPENING, chunk("H")]
    assert (ray.sent, desk.errors) == (["a"], 1)
    assert not desk.router.going


@pytest.mark.parametrize("said", [("broken", {"message": "no memory"}), Gone(), None])
def test_each_way_to_fail_is_one_failure(said):
    desk = a_desk("a", "b")
    first = [TAKEN] if said is None else [TAKEN, said]  # None: it stops without an end
    ray = Scripted(desk, a=[first], b=[[TAKEN, ("whole", WHOLE)]])
    found, error = heard(desk, ray)
    assert error is None
    assert found == [TAKEN, ("whole", WHOLE)]
    assert desk.retries == 1


WHOLE = {"usage": {"completion_tokens": 2}, "choices": [{"finish_reason": "stop"}]}


def test_a_refusal_is_told_and_not_tried_elsewhere():
    desk = a_desk("a", "b")
    data = {"status": 429, "message": "full", "param": None, "code": "queue_full", "retry_after": 3}
    ray = Scripted(desk, a=[[("refused", data)]], b=[])
    found, error = heard(desk, ray)
    assert isinstance(error, Refusal)
    assert (found, error.status, error.retry_after, error.code) == ([], 429, 3, "queue_full")
    assert (ray.sent, desk.retries, desk.errors) == (["a"], 0, 0)
    assert not desk.router.going


def test_the_budget_and_the_number_of_tries_are_the_routers():
    desk = a_desk("a", "b", budget=RetryBudget(0.0, 1.0))
    ray = Scripted(desk, a=[[Gone()], [Gone()]], b=[[Gone()], [Gone()]])
    assert isinstance(heard(desk, ray)[1], EngineFailed)
    assert ray.sent == ["a", "b"]
    assert isinstance(heard(desk, ray, "y")[1], EngineFailed)
    assert len(ray.sent) == 3  # the purse is empty
    assert desk.errors == 2
    assert not desk.router.going


def test_who_leaves_cancels_and_says_nothing_of_the_replica():
    desk = a_desk("a")
    ray = Scripted(desk, a=[[TAKEN, chunk("H"), chunk("i")]])

    async def leave():
        desk.open("x", 10, ())
        call = Call(desk, ray, "x", 4, 6)
        messages = call.messages()
        assert [(await anext(messages))[0], (await anext(messages))[0]] == ["taken", "chunk"]
        await messages.aclose()
        call.leave()

    asyncio.run(leave())
    assert (ray.cancelled, desk.errors) == (1, 0)
    assert not desk.router.going


def test_ray_may_ask_again_and_gets_the_same_replica_until_it_is_gone():
    clock = Time()
    desk = a_desk("a", "b", clock=clock)
    desk.open("x", 10, ())
    there = {"a", "b"}
    assert [desk.choose("x", 0, there) for _ in range(3)] == ["a", "a", "a"]
    assert desk.retries == 0
    desk.gone("a")
    assert desk.choose("x", 0, {"b"}) == "b"
    assert (desk.retries, desk.deaths) == (1, 1)
    clock.now += desks.PATIENCE
    with pytest.raises(Lost):
        desk.choose("x", 0, {"b"})
    assert desk.errors == 1
    with pytest.raises(Lost):
        desk.choose("x", 0, {"b"})
    assert not desk.failed("x")
    assert not desk.router.going


def test_reports_reach_the_routers_board():
    clock = Time()
    desk = a_desk("a", "b", clock=clock)
    desk.seen({"a": {"taken": 99.0, "requests": 3, "tokens": 40}, "b": {}})
    assert (desk.replicas["a"]["tokens"], desk.replicas["b"]["tokens"]) == (40, 0)
    desk.open("x", 10, ())
    assert desk.choose("x", 0, {"a", "b"}) == "a"
    assert desk.replicas["a"]["tokens"] == 50
    desk.seen({"b": {}})
    assert (list(desk.replicas), desk.size, desk.deaths) == (["b"], 1, 0)


def test_a_chunk_without_text_shows_nothing():
    assert shows_nothing(OPENING[1])
    assert not shows_nothing(chunk("a")[1])
    assert not shows_nothing(chunk("", "stop")[1])
    assert not shows_nothing({"choices": [], "usage": {}})


@pytest.mark.parametrize("name", desks.POLICIES)
def test_every_policy_has_a_name(name):
    assert hasattr(desks.policy(name), "choose")


# The whole front, with two engines in this process in place of Ray's actors.


class NoRay:
    """Asks the desk as Ray does, and replicas of this process."""

    def __init__(self, desk, replicas):
        self.desk, self.replicas, self.dead = desk, replicas, set()

    def send(self, name, attempt, *asked):
        async def said():
            chosen = self.desk.choose(name, attempt, self.replicas.keys() - self.dead)
            async for message in self.replicas[chosen].answer(name, attempt, *asked):
                if chosen in self.dead:
                    raise Gone
                yield message

        return Stream(said())


class Stream:
    def __init__(self, stream):
        self.stream, self.task = stream, None

    def __aiter__(self):
        return self

    async def __anext__(self):
        self.task = asyncio.ensure_future(anext(self.stream))
        return await self.task

    def cancel(self):
        if self.task is not None:
            self.task.cancel()


@pytest.fixture
def served(monkeypatch):
    monkeypatch.setattr(implementations, "install", lambda code: None)
    plan = Plan("ref", "tiny-random", {"slots": 2, "max_seq_len": 256})
    replicas = {name: EngineReplica(plan) for name in "ab"}
    desk = Desk(Router(desks.policy("round robin")))
    desk.seen({name: {} for name in replicas})
    ray = NoRay(desk, replicas)
    fleet = SimpleNamespace(desk=desk, plan=plan, send=ray.send, shown=lambda: {"replicas": desk.replicas})
    checkpoint = load_checkpoint("tiny-random")
    with LocalServer(front(fleet, checkpoint.tokenizer, "tiny-random")) as server:
        server.ray, server.desk = ray, desk
        yield server


def ask(**fields):
    talk = [{"role": "user", "content": "Hi"}]
    return {"model": "tiny-random", "messages": talk, "max_tokens": 8, "temperature": 0, **fields}


def test_the_front_speaks_day_15s_api(served):
    with httpx2.Client(base_url=served.url, timeout=20) as client:
        wholes = [client.post("/v1/chat/completions", json=ask()).json() for _ in range(2)]
        texts = [each["choices"][0]["message"]["content"] for each in wholes]
        assert texts[0] == texts[1]
        assert wholes[0]["usage"]["completion_tokens"] == 8
        streamed = client.post("/v1/chat/completions", json=ask(stream=True)).text
        events = [line.removeprefix("data: ") for line in streamed.splitlines() if line]
        chunks = [json.loads(each) for each in events[:-1]]
        assert events[-1] == "[DONE]"
        assert "".join(each["choices"][0]["delta"].get("content", "") for each in chunks) == texts[0]
        wrong = client.post("/v1/chat/completions", json=ask(model="no"))
        assert (wrong.status_code, wrong.json()["error"]["code"]) == (404, "model_not_found")
        long = client.post("/v1/completions", json={"model": "tiny-random", "prompt": "x" * 300})
        assert (long.status_code, long.json()["error"]["code"]) == (400, "context_length_exceeded")
        assert client.get("/health").json()["ok"]
        assert set(client.get("/fleet").json()["replicas"]) == {"a", "b"}
        assert 'requests_finished_total{reason="length"} 3.0' in client.get("/metrics").text
    assert not served.built.service.open
    assert not served.desk.router.going


def test_the_page_sees_what_is_open(served):
    look = served.built.watch.look
    with httpx2.Client(base_url=served.url, timeout=20) as client:
        with client.stream("POST", "/v1/chat/completions", json=ask(max_tokens=200, stream=True)) as response:
            next(response.iter_lines())
            state = served.ask(look)
            assert (state["running"], len(state["slots"]), state["slots"][0]["limit"]) == (1, 1, 200)
        with client.stream("GET", "/events") as response:
            assert json.loads(next(response.iter_lines()).removeprefix("data: "))["model"] == "tiny-random"


def test_a_fleet_without_replicas_is_not_well(served):
    served.desk.seen({})
    with httpx2.Client(base_url=served.url, timeout=20) as client:
        assert client.get("/health").status_code == 503


def test_at_the_end_those_who_are_left_are_told(served):
    with httpx2.Client(base_url=served.url, timeout=20) as client:
        with client.stream("POST", "/v1/chat/completions", json=ask(max_tokens=240, stream=True)) as response:
            lines = response.iter_lines()
            next(lines)
            served.ask(lambda: asyncio.ensure_future(served.built.life.drain(0.0)))
            told = [line for line in lines if line][-1]
        assert "shutting_down" in told or "[DONE]" in told
        refused = client.post("/v1/chat/completions", json=ask())
        assert (refused.status_code, refused.json()["error"]["code"]) == (503, "shutting_down")


# Ray: found, installed, or said how.


@pytest.fixture
def without_ray(monkeypatch, tmp_path):
    """A machine without Ray, and whatever pdm is asked to do there."""
    found = SimpleNamespace(installed=False, asked=[], works=True)

    def run(command, **options):
        found.asked.append(command)
        found.installed = found.works
        return SimpleNamespace(returncode=0 if found.works else 1)

    monkeypatch.setattr(cluster, "is_installed", lambda: found.installed)
    monkeypatch.setattr(cluster, "STATE", tmp_path)
    monkeypatch.setattr(cluster.subprocess, "run", run)
    (tmp_path / "pdm" / "bin").mkdir(parents=True)
    (tmp_path / "pdm" / "bin" / "pdm").touch()
    return found


def test_ray_is_installed_once(without_ray):
    told = []
    for _ in range(2):
        cluster.see_that_it_is_here(told.append)
    assert len(told) == len(without_ray.asked) == 1
    assert without_ray.asked[0][1:] == ["sync", "--prod", "-G", "fleet"]


def test_what_to_do_is_said_if_ray_can_not_be_installed(without_ray, monkeypatch, tmp_path):
    without_ray.works = False
    with pytest.raises(KitError, match="is there a network"):
        cluster.see_that_it_is_here(print)
    (tmp_path / "pdm" / "bin" / "pdm").unlink()
    monkeypatch.setattr(cluster.shutil, "which", lambda name: None)
    with pytest.raises(KitError, match="pip install"):
        cluster.see_that_it_is_here(print)


def test_looking_for_ray_does_not_import_it():
    code = (
        "import sys; from tiny_batch_kit.machine import cluster; cluster.is_installed(); sys.exit('ray' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    "wrong",
    [["--replicas", "0"], ["--replicas", "3", "--most", "2"], ["--every", "0"], ["--target", "0"], ["--slots", "0"]],
)
def test_the_command_says_what_can_not_be(wrong):
    parser = argparse.ArgumentParser()
    fleet_command.add_arguments(parser)
    with pytest.raises(KitError, match="at least 1"):
        fleet_command.run(parser.parse_args(wrong))


@pytest.mark.parametrize(
    "wrong", [["--on", "ray"], ["--seeds", "2"], ["--rates", "1", "2"], ["--fleet", "2", "--seeds", "0"]]
)
def test_a_sweep_wants_a_fleet(wrong):
    parser = argparse.ArgumentParser()
    simulate_command.add_arguments(parser)
    with pytest.raises(KitError, match=r"fleet|seed"):
        simulate_command.run(parser.parse_args(wrong))
