"""You raise the refusal and keep the request. It stays open forever, and the server never comes to rest.

task: 15.3
caught-by: test_day_15.py::test_a_refusal_is_raised_where_it_was_asked[full]
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
            self.cancel(request.id)
            raise
        return stream
        # task 15.3 end
