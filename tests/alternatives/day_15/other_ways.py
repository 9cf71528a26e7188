"""The same in other ways: a future for each wait, a blocking get and then all that lies there, a task group."""


class EventStream:
    def put(self, event):
        # task 15.1 begin
        if self._ended:
            return False
        if len(self._unread) == self.bound:
            self._ended = True
            self._error = TooSlow("read faster, or ask for less")
            took = False
        else:
            self._unread.append(event)
            took = True
        waiter = getattr(self, "_waiter", None)
        if waiter is not None and not waiter.done():
            waiter.set_result(None)
        return took
        # task 15.1 end

    def end(self, error=None):
        # task 15.1 begin
        if self._ended:
            return
        self._ended = True
        self._error = error
        waiter = getattr(self, "_waiter", None)
        if waiter is not None and not waiter.done():
            waiter.set_result(None)
        # task 15.1 end

    async def __anext__(self):
        # task 15.1 begin
        while True:
            if self._unread:
                return self._unread.popleft()
            if self._ended and self._error is None:
                raise StopAsyncIteration
            if self._ended:
                raise self._error
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        # task 15.1 end


class EngineThread:
    def serve(self, tell):
        # task 15.2 begin
        def step():
            self.busy_since = self._clock.now()
            events = tuple(map(self._annotate, self.engine.step()))
            self._on_step(events)
            self.busy_since = None
            self.steps = self.steps + 1
            return Stepped(events)

        try:
            while True:
                going = self.read(tell)
                if not going:
                    break
                tell(step())
        except BaseException as error:
            tell(Died(error))
        # task 15.2 end

    def read(self, tell):
        # task 15.2 begin
        while True:
            messages = []
            if not self.engine.has_work:
                messages.append(self.inbox.get())
            try:
                while True:
                    messages.append(self.inbox.get_nowait())
            except Empty:
                pass
            for message in messages:
                if isinstance(message, Stop):
                    return False
                self.carry_out(message, tell)
            if self.engine.has_work:
                return True
        # task 15.2 end

    def carry_out(self, message, tell):
        # task 15.2 begin
        match message:
            case Submit(request):
                refused = None
                try:
                    self.engine.add_request(request)
                except Exception as error:
                    refused = error
                tell(Answered(request.id, refused))
            case Cancel(request_id):
                try:
                    self.engine.abort(request_id)
                except ValueError:
                    pass
        # task 15.2 end


class Bridge:
    async def submit(self, request):
        # task 15.3 begin
        if self.down:
            raise self.down
        self._quiet.clear()
        self._streams[request.id] = stream = EventStream(self.bound)
        self._accepted[request.id] = answer = asyncio.Future()
        self.worker.send(Submit(request))
        taken = False
        try:
            await answer
            taken = True
        finally:
            if not taken:
                if answer.cancelled():
                    self.cancel(request.id)
                else:
                    self._forget(request.id)
        return stream
        # task 15.3 end

    def cancel(self, request_id):
        # task 15.3 begin
        stream = self._streams.get(request_id)
        answer = self._accepted.get(request_id)
        if stream is None:
            return
        self.worker.send(Cancel(request_id))
        self._forget(request_id)
        stream.end()
        if answer is not None:
            answer.cancel()
        # task 15.3 end

    def close(self, error):
        # task 15.3 begin
        if self.down is None:
            self.down = error
            self.worker.send(Stop())
            streams, answers = list(self._streams.items()), list(self._accepted.values())
            for answer in answers:
                if not answer.done():
                    answer.set_exception(error)
            for request_id, stream in streams:
                stream.end(error)
                self._forget(request_id)
        # task 15.3 end

    def _answered(self, request_id, error):
        # task 15.3 begin
        answer = self._accepted.get(request_id)
        if answer is not None and not answer.done():
            del self._accepted[request_id]
            answer.set_exception(error) if error else answer.set_result(None)
        # task 15.3 end

    def _deliver(self, events):
        # task 15.3 begin
        for event in events:
            if event.request_id in self._streams:
                stream = self._streams[event.request_id]
                took = stream.put(event)
                if not took:
                    self.cancel(event.request_id)
                if took and isinstance(event, FinishedEvent):
                    self._forget(event.request_id)
                    stream.end()
        # task 15.3 end


class Life:
    def problem(self):
        # task 15.5 begin
        bridge = self.bridge
        if bridge.down:
            return f"the engine is down: {bridge.down}"
        if bridge.worker.busy_since is not None:
            lasted = self._clock.now() - bridge.worker.busy_since
            if lasted > self.stuck_after:
                return f"a step does not end: it has lasted {lasted} s"
        return None if bridge.worker.is_alive else "dead: the thread of the engine"
        # task 15.5 end

    def look(self):
        # task 15.5 begin
        if self._draining or self._ended:
            return
        problem = self.problem()
        if problem is None and self.bridge.worker.steps:
            self._tries = 0
        if problem is not None:
            self.bridge.close(EngineDown(problem))
            if self._tries < self.max_restarts:
                self._tries += 1
                try:
                    new = self._make()
                    new.start()
                    self.bridge, self.restarts = new, self.restarts + 1
                except Exception:
                    pass
        # task 15.5 end

    async def drain(self, seconds):
        # task 15.5 begin
        first, self._draining = not self._draining, True
        if first:
            quiet = asyncio.ensure_future(self.bridge.quiet())
            await asyncio.wait({quiet}, timeout=seconds)
            quiet.cancel()
        self.end()
        # task 15.5 end
