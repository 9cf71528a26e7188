"""You made one copy, though there are several.

task: 12.4
caught-by: test_day_12.py::test_pages_are_copied_whole[three]
"""


class PagedKvCache:
    def copy(self, copies):
        # task 12.4 begin
        if copies:
            sources, targets = (mx.array(numbers) for numbers in zip(*copies[:1], strict=True))
            self.keys[targets] = self.keys[sources]
            self.values[targets] = self.values[sources]
        # task 12.4 end
