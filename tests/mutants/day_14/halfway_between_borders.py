"""You take the value halfway between two borders: it is nearer to the upper one, relatively, and too far from the lower.

task: 14.1
caught-by: test_day_14.py::test_both_ends_of_a_bucket_are_within_the_error
"""


class Histogram:
    def _middle(self, bucket):
        # task 14.1 begin
        if bucket == 0:
            return self.least
        if bucket == len(self.borders):
            return self.most
        below, above = self.borders[bucket - 1], self.borders[bucket]
        return (below + above) / 2
        # task 14.1 end
