"""You forget when the last token came for a request that is sent back. Its reader does not.

task: 14.2
caught-by: test_day_14.py::test_a_gap_spans_what_happens_in_it
"""


class BatchingMetrics:
    def on_events(self, events):
        # task 14.2 begin
        now = self._pass()
        for event in events:
            if isinstance(event, TokenEvent):
                self._token(event.request_id, now)
            elif isinstance(event, PreemptedEvent):
                self._totals.preemptions += 1
                self._token_at.pop(event.request_id, None)
                self._reader.sent_back(event.request_id)
            else:
                self._end(event)
        # task 14.2 end
