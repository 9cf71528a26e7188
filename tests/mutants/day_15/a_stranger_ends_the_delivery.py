"""You stop at the first event that nobody waits for. All events after it are lost.

task: 15.3
caught-by: test_day_15.py::test_events_that_nobody_waits_for_are_dropped
"""


class Bridge:
    def _deliver(self, events):
        # task 15.3 begin
        for event in events:
            stream = self._streams.get(event.request_id)
            if stream is None:
                return
            if not stream.put(event):
                self.cancel(event.request_id)
            elif isinstance(event, FinishedEvent):
                stream.end()
                self._forget(event.request_id)
        # task 15.3 end
