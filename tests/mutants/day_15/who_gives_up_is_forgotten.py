"""A caller who gives up while waiting is forgotten here, and the engine is not told. It serves nobody.

task: 15.3
caught-by: test_day_15.py::test_who_gives_up_in_submit_leaves_nobody_behind[refused]
"""


class Bridge:
    async def submit(self, request):
        # task 15.3 begin
        if self.down is not None:
            raise self.down
        stream = self._streams[request.id] = EventStream[Event](self.bound)
        accepted = self._accepted[request.id] = asyncio.get_running_loop().create_future()
        self._quiet.clear()
        self.worker.send(Submit(request))
        try:
            await accepted
        except asyncio.CancelledError:
            self._forget(request.id)
            raise
        except Exception:
            self._forget(request.id)
            raise
        return stream
        # task 15.3 end
