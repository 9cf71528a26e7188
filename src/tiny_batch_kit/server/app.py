"""The HTTP server around a student's `Service` and `Life`: routes, and what each error looks like."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, Response

from tiny_batch_kit.server.guard import App, Guard, Rules
from tiny_batch_kit.server.schemas import ChatBody, CompletionBody
from tiny_batch_kit.server.sse import EventResponse, event, lines
from tiny_batch_kit.server.watch import Watch

T = TypeVar("T")
PAGE = Path(__file__).with_name("page")
CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
log = logging.getLogger("tiny_batch.server")


class Gone(Exception):
    """The client has left: nobody wants an answer."""


def make_app(
    service: Any,
    life: Any,
    watch: Watch,
    refusals: ModuleType,
    rules: Rules | None = None,
    more: Mapping[str, Callable[[], Mapping[str, Any]]] | None = None,
) -> App:
    """The ASGI app. service, life: the student's; refusals: their module of errors. more: JSON to be had at paths."""
    rules = rules or Rules()
    app = FastAPI(title="tiny-batch", version="1", lifespan=_lifespan(life, watch), docs_url=None, redoc_url=None)
    _errors(app, watch, refusals)
    _answers(app, service, refusals)
    _looks(app, service, life, watch)
    for path, what in (more or {}).items():
        app.add_api_route(path, _shown(what), methods=["GET"])
    app.state.life = life
    return Guard(app, rules, watch.metrics.refused)


def _lifespan(life: Any, watch: Watch) -> Callable[[FastAPI], Any]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        life.start()
        watch.metrics.follow(life.health)
        watching = asyncio.create_task(life.watch())
        yield
        watching.cancel()
        watch.close()
        life.end()

    return lifespan


def _errors(app: FastAPI, watch: Watch, refusals: ModuleType) -> None:
    def told(refusal: Any) -> Response:
        watch.metrics.refused(refusal.status)
        return _json(refusal.body(), refusal.status, refusal.headers)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        place = () if first["type"] == "json_invalid" else first["loc"][1:]
        name = refusals.field_name(place)
        return told(refusals.Refusal(400, f"{name or 'the body'}: {first['msg']}", param=name))

    @app.exception_handler(HTTPException)
    async def unknown(request: Request, error: HTTPException) -> Response:
        response = told(refusals.Refusal(error.status_code, str(error.detail)))
        response.headers.update(error.headers or {})
        return response

    @app.exception_handler(Gone)
    async def gone(request: Request, error: Gone) -> Response:
        return Response(status_code=499)

    @app.exception_handler(Exception)
    async def broken(request: Request, error: Exception) -> Response:
        return told(_refusal(refusals, error))

    app.exception_handler(ValueError)(broken)
    app.exception_handler(RuntimeError)(broken)


def _refusal(refusals: ModuleType, error: BaseException) -> Any:
    refusal = refusals.as_refusal(error)
    if refusal.status == 500:
        log.error("a request failed", exc_info=error)
    return refusal


def _answers(app: FastAPI, service: Any, refusals: ModuleType) -> None:
    async def answer(body: ChatBody | CompletionBody, request: Request) -> Response:
        prompt = await asyncio.to_thread(body.prompt_ids, service.tokenizer)
        found = await while_connected(request, service.begin(body, prompt))
        if not body.stream:
            return _json(await while_connected(request, found.whole()))

        def told(error: Exception) -> dict[str, Any]:
            shape: dict[str, Any] = _refusal(refusals, error).body()
            return shape

        return EventResponse(lines(found.chunks(), told), found.leave)

    @app.post("/v1/chat/completions", responses=ERRORS)
    async def chat(body: ChatBody, request: Request) -> Response:
        """Answer a talk."""
        return await answer(body, request)

    @app.post("/v1/completions", responses=ERRORS)
    async def complete(body: CompletionBody, request: Request) -> Response:
        """Go on with a text."""
        return await answer(body, request)


def _looks(app: FastAPI, service: Any, life: Any, watch: Watch) -> None:
    model = {"id": service.model, "object": "model", "created": 0, "owned_by": "tiny-batch"}

    @app.get("/v1/models")
    async def models() -> Response:
        """What can be asked."""
        return _json({"object": "list", "data": [model]})

    @app.get("/v1/models/{name:path}", responses=ERRORS)
    async def one_model(name: str) -> Response:
        """One of them."""
        if name != service.model:
            raise HTTPException(404, "there is no such model here")
        return _json(model)

    @app.get("/health", responses={503: {"description": "the engine is not well, or the server is about to end"}})
    async def health() -> Response:
        """Whether requests are answered here."""
        found = life.health()
        return _json(vars(found), 200 if found.ok else 503)

    @app.get("/metrics")
    async def metrics() -> Response:
        """For Prometheus."""
        return Response(watch.metrics.text(), media_type=watch.metrics.content_type)

    @app.get("/events", include_in_schema=False)
    async def events() -> Response:
        """What the engine does, as it happens."""
        if watch.is_full:
            raise HTTPException(503, "as many look already as may")

        async def states() -> AsyncIterator[bytes]:
            async for state in watch.states():
                yield event({**state, "health": vars(life.health()), "model": service.model})

        return EventResponse(states(), lambda: None)

    for path, kind in {"": "text/html", "page.css": "text/css", "page.js": "text/javascript"}.items():
        app.add_api_route(f"/{path}", _file(path or "page.html", kind), include_in_schema=False)


def _shown(what: Callable[[], Mapping[str, Any]]) -> Callable[[], Awaitable[Response]]:
    async def shown() -> Response:
        return _json(what())

    return shown


def _file(name: str, kind: str) -> Callable[[], Awaitable[Response]]:
    async def file() -> Response:
        return FileResponse(PAGE / name, media_type=kind, headers={"Content-Security-Policy": CONTENT_POLICY})

    return file


async def while_connected(request: Request, answer: Any) -> Any:
    """What an awaitable gives; if the client leaves before, it is cancelled, and Gone is raised."""

    async def left() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass

    wanted, gone = asyncio.ensure_future(answer), asyncio.ensure_future(left())
    try:
        await asyncio.wait({wanted, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not wanted.done():
            raise Gone
        return wanted.result()
    finally:
        gone.cancel()
        if not wanted.done():
            wanted.cancel()
            await asyncio.wait({wanted})


def _json(data: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """JSON in ASCII: whatever strange characters a stranger sent, they can be sent back."""
    return Response(json.dumps(data), status, {"Content-Type": "application/json", **(headers or {})})


ERRORS: dict[int | str, dict[str, Any]] = {
    status: {
        "description": what,
        "content": {"application/json": {"schema": {"type": "object", "required": ["error"]}}},
    }
    for status, what in {
        400: "something in it can't be done",
        404: "no such model",
        408: "the body did not come in time",
        413: "the body is too large",
        415: "not JSON",
        422: "never sent: 400 is",
        429: "too many wait: see Retry-After",
        503: "not now: see Retry-After",
    }.items()
}
