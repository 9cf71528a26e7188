"""You end the stream and don't hand the FinishedEvent out. Its reader learns neither why it ended nor the text that was held back.

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
            if isinstance(event, FinishedEvent):
                stream.end()
                self._forget(event.request_id)
            elif not stream.put(event):
                self.cancel(event.request_id)
        # task 15.3 end
