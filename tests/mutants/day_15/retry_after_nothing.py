"""You send a Retry-After with None in it where nothing is to be waited for.

task: 15.4
caught-by: test_day_15.py::test_retry_after_is_a_header
"""


class Refusal:
    @property
    def headers(self):
        # task 15.4 begin
        return {"Retry-After": str(self.retry_after)}
        # task 15.4 end
