"""You record queue time and TTFT of whole answers only. Requests that were given up later had them all the same.

task: 14.2
caught-by: test_day_14.py::test_half_an_answer_was_not_served_quickly[error]
"""


class BatchingMetrics:
    def _end(self, event):
        # task 14.2 begin
        totals = self._totals
        self._there -= 1
        self._token_at.pop(event.request_id, None)
        self._reader.ended(event.request_id)
        totals.ended[event.reason] += 1
        totals.stayed += event.latency or 0.0
        times = []
        if event.reason in WHOLE:
            times += [(totals.queue_time, event.queue_time), (totals.ttft, event.ttft), (totals.tpot, event.tpot), (totals.latency, event.latency)]
        for histogram, seconds in times:
            if seconds is not None:
                histogram.record(seconds)
        if totals.objective is not None and totals.objective.met(event):
            totals.good += 1
        # task 14.2 end
