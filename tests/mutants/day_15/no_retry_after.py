"""You know when to come back, and don't say so. A client then tries again at once, and so do all others.

task: 15.4
caught-by: test_day_15.py::test_retry_after_is_a_header
"""


class Refusal:
    @property
    def headers(self):
        # task 15.4 begin
        return {}
        # task 15.4 end
