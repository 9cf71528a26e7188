"""You put the last event down and don't end the stream. Its reader waits for more.

task: 15.3
caught-by: test_day_15.py::test_events_reach_the_stream_of_their_request
"""


class Bridge:
    def _deliver(self, events):
        # task 15.3 begin
        for event in events:
            stream = self._streams.get(event.request_id)
            if stream is None:
                continue
            if not stream.put(event):
                self.cancel(event.request_id)
            elif isinstance(event, FinishedEvent):
                self._forget(event.request_id)
        # task 15.3 end
