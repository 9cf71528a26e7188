"""You take the square root of the borders' product. It is halfway on a logarithmic scale, but errors are relative: it is
a little too high for the lower border.

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
        return math.sqrt(below * above)
        # task 14.1 end
