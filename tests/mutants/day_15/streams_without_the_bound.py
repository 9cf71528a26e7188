"""Your streams have their own bound, not the bridge's.

task: 15.3
caught-by: test_day_15.py::test_a_slow_reader_is_cut_off_and_holds_nobody_up
"""


class Bridge:
    async def submit(self, request):
        # task 15.3 begin
        if self.down is not None:
            raise self.down
        stream = self._streams[request.id] = EventStream[Event]()
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
