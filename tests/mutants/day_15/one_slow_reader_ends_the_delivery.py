"""You cut a slow reader off and stop there. The events after it belong to others.

task: 15.3
caught-by: test_day_15.py::test_a_slow_reader_is_cut_off_and_holds_nobody_up
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
                return
            elif isinstance(event, FinishedEvent):
                stream.end()
                self._forget(event.request_id)
        # task 15.3 end
