"""You copied keys and no values.

task: 12.4
caught-by: test_day_12.py::test_pages_are_copied_whole[one]
"""


class PagedKvCache:
    def copy(self, copies):
        # task 12.4 begin
        if copies:
            sources, targets = (mx.array(numbers) for numbers in zip(*copies, strict=True))
            self.keys[targets] = self.keys[sources]
        # task 12.4 end
