"""The reference's server over real sockets: OpenAI's own client, and clients that behave badly. --soak: more of all."""

import asyncio
import json
import random
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import closing, suppress

import httpx2
import pytest

from tiny_batch_kit.base.paths import ROOT
from tiny_batch_kit.model.checkpoints import load_checkpoint
from tiny_batch_kit.model.oracle import serve_alone
from tiny_batch_kit.server.build import Options, build
from tiny_batch_kit.server.guard import Rules
from tiny_batch_kit.server.local import LocalServer
from tiny_batch_kit.server.protocol import ImpatientProtocol
from tiny_batch_ref.block_allocator import BlockAllocator
from tiny_batch_ref.engine import Engine
from tiny_batch_ref.paged_kv import PagedScheduler
from tiny_batch_ref.plan import QueueFull

pytestmark = pytest.mark.usefixtures("reference")
openai = pytest.importorskip("openai", reason="no openai: TINY_BATCH_DEV=1 ./scripts/course installs it")

TINY = load_checkpoint("tiny-random")
PATIENCE = 20.0


class Arithmetic:
    """A runner without a model: the next token is a letter. It can be told to break, or to hang."""

    def __init__(self):
        self.step, self.hang, self.error, self.seconds = 0, None, None, 0.0

    def run(self, plan):
        self.step += 1
        if self.hang is not None:
            self.hang.wait(60)
        if self.error is not None:
            error, self.error = self.error, None
            raise error
        if self.seconds:
            time.sleep(self.seconds)
        return {work.request_id: [97 + (work.start + len(work.tokens)) % 26] for work in plan.work if work.wanted}


def arithmetic(runners, seconds=0.0):
    """Makes engines whose runners end up in `runners`."""

    def make(checkpoint, options, clock):
        pages = -(-options.max_seq_len // 16) * options.slots
        scheduler = PagedScheduler(
            BlockAllocator(pages, 16),
            max_running=options.slots,
            max_batched_tokens=512,
            max_seq_len=options.max_seq_len,
            max_waiting=options.max_waiting,
        )
        runners.append(Arithmetic())
        runners[-1].seconds = seconds
        return Engine(scheduler, runners[-1], clock=clock)

    return make


@pytest.fixture(scope="module")
def served(request):
    """A server of the tiny model, for tests that leave it as it was."""
    reference = request.getfixturevalue("module_reference")
    assert reference is None
    with LocalServer(build(TINY, Options(slots=4, max_seq_len=256))) as server:
        yield server


@pytest.fixture(scope="module")
def module_reference():
    import importlib

    from tiny_batch_kit.course import implementations

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(implementations, "load", lambda module: importlib.import_module(f"tiny_batch_ref.{module}"))
        yield


@pytest.fixture
def client(served):
    return openai.OpenAI(base_url=f"{served.url}/v1", api_key="none", max_retries=0)


def local(runners=None, *, seconds=0.0, promise=None, send_buffer=4096, drain_seconds=5.0, **options):
    runners = [] if runners is None else runners
    built = build(TINY, Options(**options), promise, arithmetic(runners, seconds))
    return LocalServer(built, send_buffer=send_buffer, drain_seconds=drain_seconds)


def scheduler_of(server):
    return server.built.life.bridge.worker.engine.scheduler


def wait_for(condition, what):
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError(f"not within {PATIENCE} s: {what}")


def wait_until_empty(server):
    def empty():
        scheduler = scheduler_of(server)
        allocator = scheduler.allocator
        held = scheduler.has_work or server.built.life.bridge.open or allocator.num_available != allocator.num_blocks
        return not held

    wait_for(empty, "nobody is left in the engine, no slot and no page is held")


def ask(messages="Hi", **fields):
    talk = [{"role": "user", "content": messages}]
    return {"model": "tiny-random", "messages": talk, "max_tokens": 8, "temperature": 0, **fields}


def alone(text, tokens):
    ids = serve_alone(TINY.model, [256, *f"{text}\n".encode()], tokens).tokens
    return bytes(each for each in ids if each < 256).decode("utf-8", "replace"), ids


def written(body, **headers):
    """A request as bytes: head and body."""
    data = json.dumps(body).encode()
    lines = {"Host": "localhost", "Content-Type": "application/json", "Content-Length": len(data), **headers}
    head = "POST /v1/chat/completions HTTP/1.1\r\n" + "".join(f"{name}: {each}\r\n" for name, each in lines.items())
    return head.encode() + b"\r\n", data


def raw(server, body, **headers):
    """A socket that has sent a request."""
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE)
    connection.sendall(b"".join(written(body, **headers)))
    return connection


def everything(connection):
    found = b""
    with suppress(ConnectionError):
        while piece := connection.recv(65536):
            found += piece
    return found


# OpenAI's client


def test_a_chat_says_what_the_model_says_alone(client):
    text, ids = alone("Hi", 8)
    got = client.chat.completions.create(**ask())
    assert (got.choices[0].message.content, got.choices[0].finish_reason) == (text, "length")
    assert (got.usage.prompt_tokens, got.usage.completion_tokens) == (4, len(ids))
    chunks = list(client.chat.completions.create(**ask(), stream=True, stream_options={"include_usage": True}))
    assert "".join(each.choices[0].delta.content or "" for each in chunks if each.choices) == text
    assert chunks[-1].usage.total_tokens == 12
    assert chunks[0].choices[0].delta.role == "assistant"


def test_a_completion_goes_on_with_text_or_tokens(client):
    asked = {"model": "tiny-random", "max_tokens": 6, "temperature": 0}
    text = client.completions.create(prompt="abc", **asked).choices[0].text
    assert client.completions.create(prompt=[97, 98, 99], **asked).choices[0].text == text
    assert (
        "".join(each.choices[0].text for each in client.completions.create(prompt="abc", stream=True, **asked)) == text
    )


def test_models_are_listed(client):
    assert [each.id for each in client.models.list()] == ["tiny-random"]
    assert client.models.retrieve("tiny-random").owned_by == "tiny-batch"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("gpt-9")


def test_choices_draw_by_their_seeds(client):
    asked = ask(n=3, temperature=1.0, seed=5, max_tokens=12)
    first, again = [client.chat.completions.create(**asked) for _ in range(2)]
    texts = [each.message.content for each in first.choices]
    assert texts == [each.message.content for each in again.choices]
    assert len(set(texts)) == 3
    second = client.chat.completions.create(**{**asked, "n": 1, "seed": 6})
    assert second.choices[0].message.content == texts[1]


def test_a_stop_string_ends_an_answer(client):
    text, _ = alone("Hello there", 30)
    stop = text[5:7]
    got = client.chat.completions.create(**ask("Hello there", max_tokens=30, stop=stop))
    assert (got.choices[0].message.content, got.choices[0].finish_reason) == (text[: text.index(stop)], "stop")


def test_log_probabilities_come_whole_and_streamed(client):
    asked = ask(logprobs=True, top_logprobs=3)
    whole = client.chat.completions.create(**asked).choices[0].logprobs.content
    streamed = [
        each
        for chunk in client.chat.completions.create(**asked, stream=True)
        if chunk.choices and chunk.choices[0].logprobs
        for each in chunk.choices[0].logprobs.content
    ]
    assert [each.logprob for each in whole] == pytest.approx([each.logprob for each in streamed])
    assert len(whole) == 8
    assert all(each.logprob == pytest.approx(each.top_logprobs[0].logprob) for each in whole)  # greedy: the likeliest
    assert all(len(each.top_logprobs) == 3 for each in whole)
    got = client.completions.create(model="tiny-random", prompt="abc", max_tokens=4, logprobs=2, temperature=0)
    assert [len(each) for each in got.choices[0].logprobs.top_logprobs] == [2] * 4 or got.choices[0].logprobs.tokens


def test_cached_tokens_are_told(client):
    long = "the same words again and again, and once more"
    first, second = [client.chat.completions.create(**ask(long)).usage for _ in range(2)]
    assert first.prompt_tokens_details.cached_tokens == 0
    assert second.prompt_tokens_details.cached_tokens == 32


def test_many_ask_at_once(served):
    async def main():
        async with openai.AsyncOpenAI(base_url=f"{served.url}/v1", api_key="none", max_retries=0) as client:

            async def one(number):
                text = f"Question {number % 3}"
                if number % 2:
                    got = await client.chat.completions.create(**ask(text))
                    return text, got.choices[0].message.content
                stream = await client.chat.completions.create(**ask(text), stream=True)
                return text, "".join([each.choices[0].delta.content or "" async for each in stream])

            return await asyncio.gather(*(one(number) for number in range(12)))

    wanted = {f"Question {number}": alone(f"Question {number}", 8)[0] for number in range(3)}
    assert all(said == wanted[text] for text, said in asyncio.run(main()))
    wait_until_empty(served)


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"temperature": 3}, "temperature"),
        ({"temperature": "hot"}, "temperature"),
        ({"n": 0}, "n"),
        ({"n": True}, "n"),
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "messages[0].role"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, "messages[0].content"),
        ({"stop": ["a"] * 5}, "stop"),
        ({"stop": [""]}, "stop[0]"),
        ({"max_completion_tokens": 4}, "max_completion_tokens"),
        ({"top_logprobs": 3}, "top_logprobs"),
        ({"tools": [{"type": "function"}]}, "tools"),
        ({"top_k": 4}, "top_k"),
        ({"messages": [{"role": "user", "content": "x" * 300}]}, "messages"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_done_is_refused_by_name(served, fields, param):
    got = httpx2.post(
        f"{served.url}/v1/chat/completions", json=ask(**{**fields}) if "messages" not in fields else {**ask(), **fields}
    )
    assert got.status_code == 400, got.text
    assert got.json()["error"]["param"] == param
    assert got.json()["error"].keys() == {"message", "type", "param", "code"}


def test_errors_are_openais(client):
    with pytest.raises(openai.NotFoundError) as error:
        client.chat.completions.create(**{**ask(), "model": "gpt-9"})
    assert error.value.code == "model_not_found"
    with pytest.raises(openai.BadRequestError) as error:
        client.chat.completions.create(**ask(), extra_body={"mirostat": 2})
    assert error.value.param == "mirostat"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"[" * 100_000,
        b'{"model": NaN}',
        b'"\xff"',
        b'{"model": "\\ud800", "messages": [{"role": "user", "content": "\\ud800"}]}',
        b'{"a": 1' + b"0" * 5000 + b"}",
    ],
    ids=["empty", "half", "list", "null", "deep", "nan", "no-utf8", "surrogates", "huge-number"],
)
def test_strange_bodies_are_refused(served, body):
    got = httpx2.post(f"{served.url}/v1/chat/completions", content=body, headers={"Content-Type": "application/json"})
    assert got.status_code == 400, got.text
    assert got.json()["error"]["message"]


def test_a_full_queue_says_when_to_come_back():
    class Promise:
        def check(self, request):
            if len(request.prompt) > 50:
                error = QueueFull("not in time")
                error.retry_after = 6.2
                raise error

    runners = []
    with local(runners, slots=1, max_waiting=1, promise=Promise()) as server:
        runners[0].hang = threading.Event()
        first = raw(server, ask(stream=True))
        wait_for(lambda: scheduler_of(server).running, "the first runs")
        # The engine is in a step: whoever asks now is answered behind it.
        others = [raw(server, ask(stream=True)) for _ in range(2)]
        wait_for(lambda: server.built.life.bridge.open == 3, "both have asked")
        runners[0].hang.set()
        runners[0].hang = None
        answers = [everything_until_end(each) for each in (first, *others)]
        assert sorted(int(each.split()[1]) for each in answers) == [200, 200, 429]
        refused = next(each for each in answers if each.split()[1] == b"429")
        assert b"retry-after: 1\r\n" in refused.lower()
        got = httpx2.post(f"{server.url}/v1/chat/completions", json=ask("x" * 60))
        assert (got.status_code, got.headers["retry-after"]) == (429, "7")


def everything_until_end(connection):
    """An answer as far as its end: a stream's [DONE], or a body of known length."""
    found = b""
    with closing(connection):
        while not (found.endswith(b"0\r\n\r\n") or (b"429 Too" in found and found.endswith(b"}}"))):
            piece = connection.recv(65536)
            if not piece:
                break
            found += piece
    return found


# Clients that behave badly


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
@pytest.mark.parametrize("place", ["running", "waiting"])
def test_who_hangs_up_holds_nothing(stream, place):
    with local(slots=1, seconds=0.002, max_seq_len=4096) as server:
        if place == "waiting":
            first = raw(server, ask(stream=True, max_tokens=4000))
            wait_for(lambda: scheduler_of(server).running, "the first runs")
        gone = raw(server, ask(stream=stream, max_tokens=4000))
        wait_for(lambda: len(scheduler_of(server)._known) == 1 + (place == "waiting"), "the engine has it")
        gone.close()
        wait_for(lambda: len(scheduler_of(server)._known) == (place == "waiting"), "it is gone")
        if place == "waiting":
            assert scheduler_of(server).running
            first.close()
        wait_until_empty(server)


def test_a_slow_reader_is_cut_off_and_holds_nobody_up(monkeypatch):
    monkeypatch.setattr(ImpatientProtocol, "unread_seconds", 1.0)
    with local(slots=4, max_seq_len=20_000, bound=64, send_buffer=4096) as server:
        slow = socket.socket()
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.connect(("127.0.0.1", server.port))
        slow.sendall(b"".join(written(ask(stream=True, max_tokens=19_000))))
        slow.settimeout(PATIENCE)
        assert slow.recv(1, socket.MSG_PEEK)  # its answer has begun; it takes none of it
        got = httpx2.post(f"{server.url}/v1/chat/completions", json=ask(max_tokens=50))
        assert got.json()["usage"]["completion_tokens"] == 50
        wait_until_empty(server)  # while the slow one is still there, and has read nothing
        wait_for(lambda: not server.server.server_state.connections, "its connection is cut, too")
        said = everything(slow)
        slow.close()
        assert b"200 OK" in said
        assert b"[DONE]" not in said


def test_what_comes_too_slowly_or_too_large_is_refused(monkeypatch):
    monkeypatch.setattr(ImpatientProtocol, "header_seconds", 0.3)
    rules = Rules(max_body=2000, body_seconds=0.3)
    with local(rules=rules) as server:
        with closing(raw(server, ask(), **{"Content-Length": 900})) as half:
            assert b"408" in everything(half).split(b"\r\n")[0]
        with closing(socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE)) as silent:
            silent.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nHost: local")
            assert everything(silent) == b""
        with closing(socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE)) as wordy:
            wordy.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 50_000)
            assert b"400" in everything(wordy).split(b"\r\n")[0]
        with closing(raw(server, ask(), **{"Content-Length": 10**9})) as large:
            assert b"413" in everything(large).split(b"\r\n")[0]
        got = httpx2.post(
            f"{server.url}/v1/chat/completions",
            content=iter([b"x" * 1500] * 3),
            headers={"Content-Type": "application/json"},
        )
        assert got.status_code == 413
        wait_until_empty(server)


# Its life


def test_a_broken_step_is_an_error_for_those_in_it_only():
    runners = []
    with local(runners) as server:
        runners[0].error = MemoryError("no room")
        got = httpx2.post(f"{server.url}/v1/chat/completions", json=ask())
        assert (got.status_code, got.json()["error"]["code"]) == (500, "engine_failed")
        runners[0].error = MemoryError("no room")
        with closing(raw(server, ask(stream=True))) as stream:
            said = everything_until_end(stream)
        assert b'"code":"engine_failed"' in said
        assert b"[DONE]" not in said
        assert httpx2.post(f"{server.url}/v1/chat/completions", json=ask()).status_code == 200
        assert httpx2.get(f"{server.url}/health").json() == {"ok": True, "why": "ok", "restarts": 0}


def test_a_dead_engine_is_told_and_replaced():
    runners = []
    with local(runners) as server:
        runners[0].error = SystemExit("killed")
        with closing(raw(server, ask(stream=True))) as stream:
            said = everything_until_end(stream)
        assert b'"code":"engine_down"' in said
        assert b"SystemExit: killed" in said
        wait_for(lambda: httpx2.get(f"{server.url}/health").json()["restarts"] == 1, "a new engine")
        assert httpx2.post(f"{server.url}/v1/chat/completions", json=ask()).status_code == 200
        assert b"tiny_batch_engine_restarts 1.0" in httpx2.get(f"{server.url}/metrics").content


def test_a_stuck_engine_is_told_and_replaced():
    runners = []
    with local(runners, stuck_after=1.0) as server:
        hang = runners[0].hang = threading.Event()
        started = time.monotonic()
        stuck = raw(server, ask(stream=True))
        seen = set()

        def replaced():
            got = httpx2.get(f"{server.url}/health")
            seen.add((got.status_code, "hangs" in got.text))
            return got.json()["restarts"] == 1

        wait_for(replaced, "a new engine")
        assert time.monotonic() - started > 1.0
        assert seen <= {(200, False), (503, True)}
        with closing(stuck):
            assert b'"code":"engine_down"' in everything_until_end(stuck)
        assert httpx2.post(f"{server.url}/v1/chat/completions", json=ask()).status_code == 200
        hang.set()


def test_a_signal_drains_and_then_ends():
    with local(seconds=0.005, max_seq_len=4096, drain_seconds=60.0) as server:
        running = raw(server, ask(stream=True, max_tokens=400))
        wait_for(lambda: scheduler_of(server).running, "it runs")
        server.stop()
        wait_for(lambda: httpx2.get(f"{server.url}/health").status_code == 503, "health says that it ends")
        got = httpx2.post(f"{server.url}/v1/chat/completions", json=ask())
        assert (got.status_code, got.json()["error"]["code"]) == (503, "shutting_down")
        said = everything_until_end(running)
        assert b"[DONE]" in said
        assert server.join(PATIENCE)


def test_the_deadline_of_a_drain_tells_the_rest():
    with local(seconds=0.005, max_seq_len=40_000, drain_seconds=0.3) as server:
        running = raw(server, ask(stream=True, max_tokens=30_000))
        whole = raw(server, ask(max_tokens=30_000))
        wait_for(lambda: len(scheduler_of(server).running) == 2, "both run")
        server.stop()
        assert b'"code":"shutting_down"' in everything_until_end(running)
        assert b"503" in everything(whole).split(b"\r\n")[0]
        assert server.join(PATIENCE)


def test_a_second_signal_ends_at_once():
    with local(seconds=0.005, max_seq_len=40_000, drain_seconds=60.0) as server:
        running = raw(server, ask(stream=True, max_tokens=30_000))
        wait_for(lambda: scheduler_of(server).running, "it runs")
        server.stop()
        server.stop()
        assert server.join(3.0)
        assert b'"code":"shutting_down"' in everything_until_end(running)


@pytest.mark.parametrize("signals", [1, 2])
def test_a_real_process_ends_as_it_should(signals):
    words = ["serve", "--ref", "--model", "tiny-random", "--port", "0", "--max-seq-len", "4000"]
    process = subprocess.Popen(
        [sys.executable, "-m", "tiny_batch_kit", *words],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        line = ""
        while "http" not in line:
            line = process.stdout.readline()
            assert line, "it ended before it served"
        url = line.split(" at ")[1].split("/v1")[0]
        with httpx2.stream(
            "POST", f"{url}/v1/chat/completions", json=ask(stream=True, max_tokens=30 if signals == 1 else 3900)
        ) as stream:
            lines = stream.iter_lines()
            next(lines)
            for _ in range(signals):
                process.send_signal(signal.SIGTERM)
                time.sleep(0.2)
            said = [each for each in lines if each]
        assert process.wait(PATIENCE) == (0 if signals == 1 else 1)
        assert (said[-1] == "data: [DONE]") if signals == 1 else ("shutting_down" in said[-1])
    finally:
        process.kill()
        process.stdout.close()
        process.wait()


# All at once


@pytest.mark.timeout(900)
def test_a_crowd_is_served(request):
    """A fifth hang up at random moments, some read slowly, some send half a body; all who stay are answered."""
    soak = request.config.getoption("--soak")
    clients, rounds = (500, 20) if soak else (60, 1)
    rules = Rules(body_seconds=1.0)
    with local(slots=32, max_waiting=2 * clients, max_seq_len=256, rules=rules) as server:
        memory = []
        for turn in range(rounds):
            answered, stayed = asyncio.run(_crowd(server, clients, random.Random(turn)))
            assert answered == stayed
            wait_until_empty(server)
            memory.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
        assert httpx2.get(f"{server.url}/health").json()["ok"]
        if soak:
            assert memory[-1] - memory[rounds // 4] < 20, f"MiB after each 500 requests: {memory}"


async def _crowd(server, count, rng):
    """(answered, stayed)."""

    async def one(number):
        kind = "leaves" if number % 5 == 0 else "slow" if number % 25 == 1 else "half" if number % 25 == 2 else "stays"
        limit, stream, patience = rng.randint(1, 40), rng.random() < 0.7, rng.random() * 0.3
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        asked = ask(f"{number}", max_tokens=limit, stream=stream, n=1 + number % 2)
        head, data = written(asked, Connection="close")
        writer.write(head + data[: len(data) // 2 if kind == "half" else None])
        await writer.drain()
        if kind == "leaves":
            await asyncio.sleep(patience)
            writer.transport.abort()
            return None
        if kind == "slow":
            await asyncio.sleep(1.0)
        said = await reader.read()
        writer.close()
        if kind == "half":
            assert said.startswith(b"HTTP/1.1 408"), said[:100]
            return None
        if not said.startswith(b"HTTP/1.1 200"):
            print(number, kind, stream, said[:500])
        return said.startswith(b"HTTP/1.1 200") and (b"[DONE]" in said if stream else b'"usage"' in said)

    found = [each for each in await asyncio.gather(*(one(number) for number in range(count))) if each is not None]
    return sum(found), len(found)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("what", ["signal", "broken", "dead"])
def test_trouble_under_load_leaves_nobody_without_an_end(request, what):
    clients = 500 if request.config.getoption("--soak") else 60
    runners = []
    with local(runners, slots=16, max_waiting=clients, max_seq_len=4096, seconds=0.001, drain_seconds=0.2) as server:

        async def one(number):
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            asked = ask(f"{number}", max_tokens=10 if number % 2 else 2000, stream=number % 3 > 0)
            writer.write(b"".join(written(asked, Connection="close")))
            await writer.drain()
            said = await reader.read()
            writer.close()
            return b"[DONE]" in said or b'"usage"' in said or b'"error"' in said

        async def main():
            calls = [asyncio.create_task(one(number)) for number in range(clients)]
            await asyncio.to_thread(wait_for, lambda: server.built.life.bridge.open >= clients // 2, "many are served")
            if what == "signal":
                server.stop()
            else:
                runners[0].error = MemoryError("no room") if what == "broken" else SystemExit("killed")
                if what == "broken":  # the long ones would take their time
                    await asyncio.sleep(0.5)
                    server.stop()
            return await asyncio.wait_for(asyncio.gather(*calls), PATIENCE * 3)

        if what == "dead":
            wanted = asyncio.run(main())
            wait_until_empty(server)
        else:
            wanted = asyncio.run(main())
            assert server.join(PATIENCE)
        assert all(wanted), f"{wanted.count(False)} of {clients} had neither an end nor an error"
