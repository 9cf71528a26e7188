"""You divide what was seen by the busy seconds: Little's law is about all of them.

task: 14.3
caught-by: test_day_14.py::test_littles_law_holds_when_there_were_breaks
"""


class Totals:
    def little(self):
        # task 14.3 begin
        ended = sum(self.ended.values())
        if not ended or not self.seconds:
            return Little(self.present / self.seconds if self.seconds else 0.0, 0.0)
        return Little(self.present / (self.seconds - self.idle), (ended / self.seconds) * (self.stayed / ended))
        # task 14.3 end
