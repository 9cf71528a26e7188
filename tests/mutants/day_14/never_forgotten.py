"""You remember when the last token of each request came, forever. A day of service has hundreds of thousands of
requests.

task: 14.2
caught-by: test_day_14.py::test_memory_is_that_of_those_who_are_there
"""


class BatchingMetrics:
    def _end(self, event):
        # task 14.2 begin
        totals = self._totals
        self._there -= 1
        self._reader.ended(event.request_id)
        totals.ended[event.reason] += 1
        totals.stayed += event.latency or 0.0
        times = [(totals.queue_time, event.queue_time), (totals.ttft, event.ttft)]
        if event.reason in WHOLE:
            times += [(totals.tpot, event.tpot), (totals.latency, event.latency)]
        for histogram, seconds in times:
            if seconds is not None:
                histogram.record(seconds)
        if totals.objective is not None and totals.objective.met(event):
            totals.good += 1
        # task 14.2 end
