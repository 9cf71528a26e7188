"""You measure a gap before the first token too. That wait is the TTFT.

task: 14.2
caught-by: test_day_14.py::test_gaps_are_each_requests_own
"""


class BatchingMetrics:
    def _token(self, request_id, now):
        # task 14.2 begin
        self._totals.tokens += 1
        self._totals.gap.record(now - self._token_at.get(request_id, now))
        self._token_at[request_id] = now
        # task 14.2 end
