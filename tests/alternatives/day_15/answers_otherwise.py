"""Refusals, answers and bodies in other ways: a match, one stream without tasks, a task group, a choice at a time."""


class Refusal:
    def body(self):
        # task 15.4 begin
        if self.status >= 500:
            kind = "server_error"
        elif self.status == 429:
            kind = "rate_limit_error"
        elif self.status == 401:
            kind = "authentication_error"
        else:
            kind = "invalid_request_error"
        return {"error": dict(message=str(self), type=kind, param=self.param, code=self.code)}
        # task 15.4 end


def field_name(place):
    # task 15.4 begin
    name = ""
    for part in place:
        if isinstance(part, int):
            name += f"[{part}]"
        else:
            name += ("." if name else "") + part
    return name if name else None
    # task 15.4 end


def as_refusal(error):
    # task 15.4 begin
    match error:
        case Refusal():
            return error
        case QueueFull():
            seconds = error.retry_after if hasattr(error, "retry_after") else None
            return Refusal(429, str(error), code="queue_full", retry_after=wait_time(seconds))
        case ShuttingDown():
            return Refusal(503, str(error), code="shutting_down", retry_after=1)
        case EngineDown():
            return Refusal(503, str(error), code="engine_down", retry_after=1)
        case EngineFailed():
            return Refusal(500, str(error), code="engine_failed")
        case TooSlow():
            return Refusal(408, str(error), code="too_slow")
        case ValueError():
            return Refusal(400, str(error))
    return Refusal(500, "internal error", code="internal_error")
    # task 15.4 end


def wait_time(seconds):
    # task 15.4 begin
    if seconds is None or seconds != seconds or seconds <= 1:
        return 1
    return LONGEST_WAIT if seconds >= LONGEST_WAIT else -int(-seconds // 1)
    # task 15.4 end


class Answer:
    async def whole(self):
        # task 15.6 begin
        async def read(stream, choice):
            async for event in stream:
                choice.take(event)
            if choice.finish is None:
                raise EngineFailed("this answer has no end")

        readers = [asyncio.ensure_future(read(*pair)) for pair in zip(self._streams, self.choices)]
        try:
            await asyncio.gather(*readers)
        finally:
            for reader in readers:
                reader.cancel()
            self.leave()
        choices = [
            self._wire.choice(number, choice.text, choice.scores, choice.finish)
            for number, choice in enumerate(self.choices)
        ]
        return self._wire.whole(choices, self.usage())
        # task 15.6 end

    def usage(self):
        # task 15.6 begin
        tokens = 0
        for choice in self.choices:
            tokens += choice.tokens
        prompt = self._requests[-1].prompt
        return usage(len(prompt), tokens, self.choices[0].cached)
        # task 15.6 end


async def merged(streams):
    # task 15.6 begin
    if len(streams) == 1:
        async for event in streams[0]:
            yield 0, event
        return
    tasks = [asyncio.ensure_future(_next(stream)) for stream in streams]
    open_ones = set(range(len(streams)))
    try:
        while open_ones:
            await asyncio.wait([tasks[number] for number in open_ones], return_when=asyncio.FIRST_COMPLETED)
            for number in sorted(open_ones):
                if not tasks[number].done():
                    continue
                event = tasks[number].result()
                if event is None:
                    open_ones.discard(number)
                    continue
                yield number, event
                tasks[number] = asyncio.ensure_future(_next(streams[number]))
    finally:
        for task in tasks:
            if not task.done():
                task.cancel()
            elif not task.cancelled():
                task.exception()
    # task 15.6 end


class Service:
    async def begin(self, body, prompt):
        # task 15.7 begin
        if body.model != self.model:
            raise Refusal(404, f"no model {body.model}", param="model", code="model_not_found")
        check_fields(body.unknown)
        check_length(len(prompt), self.max_seq_len, body.prompt_field)
        name = self._new_id()
        requests = self.requests(body, prompt, name)
        for request in requests:
            if self.promise:
                self.promise.check(request)
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self.engines.submit(request)) for request in requests]
        except BaseException as error:
            for request in requests:
                self.engines.cancel(request.id)
            if isinstance(error, BaseExceptionGroup):
                raise error.exceptions[0]
            raise
        streams = [task.result() for task in tasks]
        return Answer(self.engines, self._wire(body, name), requests, streams, body.include_usage)
        # task 15.7 end
