"""You note when the first token came and never move on: gaps add up.

task: 14.2
caught-by: test_day_14.py::test_gaps_are_each_requests_own
"""


class BatchingMetrics:
    def _token(self, request_id, now):
        # task 14.2 begin
        self._totals.tokens += 1
        if request_id in self._token_at:
            self._totals.gap.record(now - self._token_at[request_id])
        self._token_at.setdefault(request_id, now)
        # task 14.2 end
