"""You multiply the arrivals a second by the mean stay of those that ended. While some are still there, that counts
them as if they had ended.

task: 14.3
caught-by: test_day_14.py::test_little_finds_who_was_lost
"""


class Totals:
    def little(self):
        # task 14.3 begin
        ended = sum(self.ended.values())
        if not ended or not self.seconds:
            return Little(self.present / self.seconds if self.seconds else 0.0, 0.0)
        return Little(self.present / self.seconds, (self.arrived / self.seconds) * (self.stayed / ended))
        # task 14.3 end
