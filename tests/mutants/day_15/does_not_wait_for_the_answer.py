"""You return the stream before the engine has taken the request. Then a full queue can't be told in time: the answer has begun.

task: 15.3
caught-by: test_day_15.py::test_submit_waits_for_the_engines_answer
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
        return stream
        # task 15.3 end
