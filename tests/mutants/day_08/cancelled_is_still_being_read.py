"""You kept what a cancelled request had read: the next prompt goes on behind it.

task: 8.3
caught-by: test_day_08.py::test_a_half_read_request_may_be_cancelled
"""


class ChunkedBatcher:
    def retire(self):
        # task 8.3 begin
        super().retire()
        # task 8.3 end
