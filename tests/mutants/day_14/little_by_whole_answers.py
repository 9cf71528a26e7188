"""You take the mean latency of whole answers, and multiply by all ends.

task: 14.3
caught-by: test_day_14.py::test_little_in_numbers
"""


class Totals:
    def little(self):
        # task 14.3 begin
        ended = sum(self.ended.values())
        if not ended or not self.seconds:
            return Little(self.present / self.seconds if self.seconds else 0.0, 0.0)
        return Little(self.present / self.seconds, (ended / self.seconds) * (self.latency.mean or 0.0))
        # task 14.3 end
