"""You look at the first event only. A step has many.

task: 14.2
caught-by: test_day_14.py::test_an_end_is_one_requests_only
"""


class BatchingMetrics:
    def on_events(self, events):
        # task 14.2 begin
        now = self._pass()
        for event in events[:1]:
            if isinstance(event, TokenEvent):
                self._token(event.request_id, now)
            elif isinstance(event, PreemptedEvent):
                self._totals.preemptions += 1
                self._reader.sent_back(event.request_id)
            else:
                self._end(event)
        # task 14.2 end
