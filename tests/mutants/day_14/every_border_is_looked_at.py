"""You walk over all borders to find a bucket. They are sorted: a search needs nine looks where you need hundreds.

task: 14.1
caught-by: test_day_14.py::test_recording_does_not_look_at_each_border
"""


class Histogram:
    def record(self, value):
        # task 14.1 begin
        if not 0 <= value < math.inf:
            raise ValueError(f"{value} can't be recorded: give a finite number of at least 0")
        place = 0
        while place < len(self.borders) and value > self.borders[place]:
            place += 1
        self.counts[place] += 1
        self.total += value
        self.least, self.most = min(self.least, value), max(self.most, value)
        # task 14.1 end
