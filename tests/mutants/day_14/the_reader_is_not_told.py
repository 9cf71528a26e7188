"""You count the preemption and don't tell the reader: what is read again then goes unnoticed.

task: 14.2
caught-by: test_day_14.py::test_what_is_lost_is_read_again
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
            else:
                self._end(event)
        # task 14.2 end
