"""You measure the gap from the last token of any request. A reader waits for its own.

task: 14.2
caught-by: test_day_14.py::test_gaps_are_each_requests_own
"""


class BatchingMetrics:
    def _token(self, request_id, now):
        # task 14.2 begin
        self._totals.tokens += 1
        if self._token_at:
            self._totals.gap.record(now - max(self._token_at.values()))
        self._token_at[request_id] = now
        # task 14.2 end
