"""You make the stream when the engine has answered. Its first events may be here before you are.

task: 15.3
caught-by: test_day_15.py::test_events_that_come_with_the_answer_are_not_lost
"""


class Bridge:
    async def submit(self, request):
        # task 15.3 begin
        if self.down is not None:
            raise self.down
        self._streams[request.id] = EventStream[Event](self.bound)
        accepted = self._accepted[request.id] = asyncio.get_running_loop().create_future()
        self._quiet.clear()
        self.worker.send(Submit(request))
        try:
            await accepted
        except asyncio.CancelledError:
            self.cancel(request.id)
            raise
        except Exception:
            self._forget(request.id)
            raise
        stream = self._streams[request.id] = EventStream[Event](self.bound)
        return stream
        # task 15.3 end
