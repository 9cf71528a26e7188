"""You record 0 s for what never came. A request that is given up in the queue then has the best TTFT of all.

task: 14.2
caught-by: test_day_14.py::test_what_never_came_is_no_duration
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
        times = [(totals.queue_time, event.queue_time), (totals.ttft, event.ttft)]
        if event.reason in WHOLE:
            times += [(totals.tpot, event.tpot), (totals.latency, event.latency)]
        for histogram, seconds in times:
            histogram.record(seconds or 0.0)
        if totals.objective is not None and totals.objective.met(event):
            totals.good += 1
        # task 14.2 end
