"""Who is let in to the server, what its pages say, and whether anything at all makes it stumble."""

import asyncio
import json
import os
import re
import shutil

import httpx2
import pytest

from tiny_batch_kit.base.errors import KitError
from tiny_batch_kit.commands import load as load_command
from tiny_batch_kit.model.checkpoints import load_checkpoint
from tiny_batch_kit.model.tokenizer import BpeTokenizer
from tiny_batch_kit.server.build import Options, build
from tiny_batch_kit.server.guard import LOOPBACK, Rules
from tiny_batch_kit.server.local import LocalServer
from tiny_batch_kit.serving import load
from tiny_batch_kit.shows import load_report

pytestmark = pytest.mark.usefixtures("reference")
TINY = load_checkpoint("tiny-random")


def local(**rules):
    return LocalServer(build(TINY, Options(slots=4, max_seq_len=96, rules=Rules(**rules))))


def body(**fields):
    talk = [{"role": "user", "content": "Hi"}]
    return {"model": "tiny-random", "messages": talk, "max_tokens": 4, "temperature": 0, **fields}


def test_a_key_is_wanted_everywhere_but_where_there_is_nothing_to_see():
    with local(api_key="sesame") as server, httpx2.Client(base_url=server.url) as client:
        for path, options in {
            "/v1/chat/completions": {"method": "POST", "json": body()},
            "/v1/models": {"method": "GET"},
            "/metrics": {"method": "GET"},
            "/openapi.json": {"method": "GET"},
            "/nowhere": {"method": "GET"},
        }.items():
            for key in (None, "Bearer wrong", "Bearer sesam", "Bearer sesamee", "Basic sesame", "Bearer \xe9"):
                headers = {} if key is None else {"Authorization": key.encode("latin-1")}
                got = client.request(url=path, headers=headers, **options)
                assert got.status_code == 401, (path, key)
                assert got.json()["error"]["code"] == "invalid_api_key"
            got = client.request(url=path, headers={"Authorization": "Bearer sesame"}, **options)
            assert got.status_code == (404 if path == "/nowhere" else 200), path
        for path in ("/", "/page.js", "/page.css", "/health"):
            assert client.get(path).status_code == 200
        with client.stream("GET", "/events") as events:
            assert events.status_code == 401


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("LOCALHOST:8000", 200),
        ("127.0.0.1:1", 200),
        ("[::1]:8000", 200),
        ("[::1]", 200),
        ("friend.example:80", 200),
        ("evil.example", 403),
        ("localhost.evil.example", 403),
        ("evil.example:localhost", 403),
        ("", 403),
    ],
)
def test_a_name_that_points_here_is_not_enough(host, status):
    with local(hosts=LOOPBACK | {"friend.example"}) as server:
        assert httpx2.get(f"{server.url}/health", headers={"Host": host}).status_code == status


def test_who_cant_begin_in_time_is_told_when_to_come_back():
    words = "x" * 60
    talk = [{"role": "user", "content": words}]
    options = Options(slots=1, max_seq_len=96, ttft=1e-6)
    with LocalServer(build(TINY, options)) as server, httpx2.Client(base_url=server.url) as client:
        assert client.post("/v1/chat/completions", json=body(messages=talk)).status_code == 200  # nothing is unread

        async def crowd():
            async with httpx2.AsyncClient(base_url=server.url) as many:
                calls = [many.post("/v1/chat/completions", json=body(messages=talk, max_tokens=30)) for _ in range(12)]
                return await asyncio.gather(*calls)

        answers = asyncio.run(crowd())
        refused = [each for each in answers if each.status_code == 429]
        assert refused
        assert {each.status_code for each in answers} == {200, 429}
        assert all(int(each.headers["Retry-After"]) >= 1 for each in refused)
        assert client.post("/v1/chat/completions", json=body()).status_code == 200


def test_a_strangers_form_is_not_read():
    with local() as server:
        for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""):
            got = httpx2.post(
                f"{server.url}/v1/chat/completions", content=json.dumps(body()), headers={"Content-Type": kind}
            )
            assert got.status_code == 415, kind
        got = httpx2.options(
            f"{server.url}/v1/chat/completions",
            headers={"Origin": "http://evil.example", "Access-Control-Request-Method": "POST"},
        )
        assert got.status_code == 405
        assert "access-control-allow-origin" not in got.headers


def test_nothing_comes_back_as_a_page():
    bad = "<script>alert(1)</script>"
    with local() as server, httpx2.Client(base_url=server.url) as client:
        answers = [
            client.post("/v1/chat/completions", json=body(model=bad)),
            client.post("/v1/chat/completions", json=body(**{bad: 1})),
            client.get(f"/{bad}"),
            client.get(f"/v1/models/{bad}"),
            client.post("/v1/chat/completions", json=body(stop=[bad], messages=[{"role": bad, "content": bad}])),
        ]
        for got in answers:
            assert got.headers["content-type"] == "application/json"
            assert got.headers["x-content-type-options"] == "nosniff"
            assert got.json()["error"].keys() == {"message", "type", "param", "code"}
        page = client.get("/")
        assert "script-src 'self'" in page.headers["content-security-policy"]


@pytest.mark.timeout(900)
def test_schemathesis_finds_no_way_to_break_it(request):
    schemathesis = pytest.importorskip("schemathesis", reason="no schemathesis: TINY_BATCH_DEV=1 installs it")
    from hypothesis import HealthCheck, given, settings

    examples = 500 if request.config.getoption("--soak") else 15
    with local() as server:
        schema = schemathesis.openapi.from_url(f"{server.url}/openapi.json")
        operations = [each.ok() for each in schema.get_all_operations()]
        assert {each.path for each in operations} >= {
            "/v1/chat/completions",
            "/v1/completions",
            "/v1/models",
            "/health",
        }
        for operation in operations:

            @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
            @given(case=operation.as_strategy())
            def try_it(case):
                got = case.call(base_url=server.url)
                assert got.status_code < 500, (case.body, got.text)

            try_it()
        assert httpx2.get(f"{server.url}/health").json() == {"ok": True, "why": "ok", "restarts": 0}


def test_a_models_template_is_not_trusted():
    real = load_checkpoint().tokenizer
    for template in (
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ messages.append(1) }}",
        "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
        "{{ raise_exception('by turns, please') }}",
    ):
        broken = BpeTokenizer(real._tokenizer, template, 2, {})
        with pytest.raises(ValueError, match="template refuses"):
            broken.talk([{"role": "user", "content": "x"}])
    talk = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}]
    assert real.talk(talk) == real.chat("Hi", "Be brief.")


# The load generator


def test_load_counts_from_when_a_request_was_due():
    with local() as server:
        model = asyncio.run(load.first_model(server.url))
        shots = load.poisson(12, rate=200.0, max_tokens=6)
        results = asyncio.run(load.fire(load.Target(server.url, model), shots))
    found = load.summary(results)
    assert (found["requests"], found["answered"], found["errors"]) == (12, 12, {})
    assert found["tokens"] >= 12
    assert all(each.sent >= each.due and each.ttft <= each.latency for each in results)
    assert [each.due for each in results] == [each.at for each in shots]


def test_load_tells_errors_apart():
    with local() as server:
        shots = load.poisson(3, rate=float("inf"))
        results = asyncio.run(load.fire(load.Target(server.url, "gpt-9"), shots))
    assert load.summary(results)["errors"] == {"status 404": 3}
    with pytest.raises(KitError, match="is there a server"):
        asyncio.run(load.first_model("http://127.0.0.1:9"))


def test_a_trace_is_read(tmp_path):
    file = tmp_path / "trace.jsonl"
    file.write_text('{"at": 2, "prompt": "b", "max_tokens": 3}\n\n{"at": 0.5, "messages": []}\n')
    assert [(each.at, each.max_tokens) for each in load.read_trace(file)] == [(0.5, 64), (2.0, 3)]
    for text, words in {"": "holds no request", "{}": ":1 is no request", "\n[": ":2 is no request"}.items():
        file.write_text(text)
        with pytest.raises(KitError, match=words):
            load.read_trace(file)


def test_the_report_has_a_table_and_a_picture(tmp_path, capsys):
    import argparse

    parser = argparse.ArgumentParser()
    load_command.add_arguments(parser)
    with local() as server, pytest.MonkeyPatch.context() as patch:
        patch.setattr("tiny_batch_kit.base.paths.OUT", tmp_path)
        status = load_command.run(
            parser.parse_args([server.url, "--requests", "5", "--rate", "inf", "--max-tokens", "3"])
        )
    assert status == 0
    said = capsys.readouterr().out
    assert "5 of 5 requests answered" in said
    assert "time to first token" in said
    assert {each.name for each in tmp_path.iterdir()} == {"load.json", "load.svg"}
    assert load_report.LATE > 0


# The page


def see(locator):
    """What must be seen, soon. (The page's policy forbids to evaluate strings, also for tests.)"""
    from playwright.sync_api import expect

    return expect(locator)


@pytest.fixture(scope="module")
def browser():
    api = pytest.importorskip("playwright.sync_api", reason="no playwright: TINY_BATCH_DEV=1 installs it")
    found = os.environ.get("TINY_BATCH_BROWSER") or shutil.which("chromium") or shutil.which("google-chrome")
    with api.sync_playwright() as playwright:
        try:
            opened = playwright.chromium.launch(
                executable_path=found, args=["--headless", "--no-sandbox", "--disable-gpu"]
            )
        except api.Error as error:
            pytest.skip(
                f"no browser ({str(error).splitlines()[0]}): install chromium, or name one in TINY_BATCH_BROWSER"
            )
        yield opened
        opened.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 375])
def test_the_page_shows_the_engine_and_talks(browser, scheme, width):
    with local() as server:
        context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
        page, faults = context.new_page(), []
        page.on("console", lambda said: faults.append(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto(server.url)
        see(page.locator("#health")).to_have_text("well")
        see(page.locator("#slots li")).to_have_count(4)
        page.keyboard.press("Tab")  # the talk
        page.keyboard.press("Tab")  # the message
        see(page.locator("#question")).to_be_focused()
        page.keyboard.type("<b>Hi</b>")
        page.keyboard.press("Enter")
        see(page.locator("#talk .user")).to_have_text("<b>Hi</b>")
        see(page.locator("#tokens")).to_have_text(re.compile(r"[1-9]\d"))
        see(page.locator("#send")).to_be_enabled(timeout=20_000)
        see(page.locator("#talk .assistant")).to_have_text(re.compile("..."))
        see(page.locator("#talk b")).to_have_count(0)
        see(page.locator("#question")).to_be_focused()
        see(page.locator("#running")).to_have_text("0")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert dark == ("rgb(23, 24, 26)" if scheme == "dark" else "rgb(251, 250, 247)")
        context.close()
        assert faults == []


def test_the_page_asks_for_the_key(browser):
    with local(api_key="sesame") as server:
        page = browser.new_page()
        page.goto(server.url)
        see(page.locator("#health")).to_have_text(re.compile("API key"))
        page.locator("#key-box summary").click()
        page.fill("#key", "sesame")
        see(page.locator("#health")).to_have_text("well")
        page.close()
