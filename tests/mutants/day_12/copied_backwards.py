"""You copied the targets into the sources.

task: 12.4
caught-by: test_day_12.py::test_pages_are_copied_whole[one]
"""


class PagedKvCache:
    def copy(self, copies):
        # task 12.4 begin
        if copies:
            targets, sources = (mx.array(numbers) for numbers in zip(*copies, strict=True))
            self.keys[targets] = self.keys[sources]
            self.values[targets] = self.values[sources]
        # task 12.4 end
