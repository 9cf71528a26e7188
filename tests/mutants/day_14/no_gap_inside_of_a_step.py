"""You skip gaps of 0 s, and so the tokens that come together.

task: 14.2
caught-by: test_day_14.py::test_tokens_of_one_step_have_no_time_between_them
"""


class BatchingMetrics:
    def _token(self, request_id, now):
        # task 14.2 begin
        self._totals.tokens += 1
        if now > self._token_at.get(request_id, now):
            self._totals.gap.record(now - self._token_at[request_id])
        self._token_at[request_id] = now
        # task 14.2 end
