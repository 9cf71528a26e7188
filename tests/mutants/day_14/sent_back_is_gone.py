"""You take a request that was sent back for one that has left: it waits, and its seconds count.

task: 14.2
caught-by: test_day_14.py::test_a_whole_run_adds_up_when_some_are_sent_back
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
                self._there -= 1
                self._reader.sent_back(event.request_id)
            else:
                self._end(event)
        # task 14.2 end
