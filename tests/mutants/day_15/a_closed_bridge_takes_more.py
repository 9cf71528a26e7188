"""You don't check whether the bridge is closed. There is no longer an engine that could answer.

task: 15.3
caught-by: test_day_15.py::test_a_closed_bridge_takes_nobody_and_stays_closed
"""


class Bridge:
    async def submit(self, request):
        # task 15.3 begin
        stream = self._streams[request.id] = EventStream[Event](self.bound)
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
        return stream
        # task 15.3 end
