"""It counts as quiet while a caller waits to be taken. A drain must wait for them, too.

task: 15.3
caught-by: test_day_15.py::test_it_is_not_quiet_while_somebody_waits_to_be_taken
"""


class Bridge:
    async def submit(self, request):
        # task 15.3 begin
        if self.down is not None:
            raise self.down
        stream = self._streams[request.id] = EventStream[Event](self.bound)
        accepted = self._accepted[request.id] = asyncio.get_running_loop().create_future()
        self.worker.send(Submit(request))
        try:
            await accepted
        except asyncio.CancelledError:
            self.cancel(request.id)
            raise
        except Exception:
            self._forget(request.id)
            raise
        self._quiet.clear()
        return stream
        # task 15.3 end
