"""You wrote the keys as values too.

task: 12.4
caught-by: test_day_12.py::test_tokens_are_written_to_their_places_only
"""


class PagedKvCache:
    def write(self, pages, offsets, keys, values):
        # task 12.4 begin
        self.keys[pages, :, offsets] = keys
        self.values[pages, :, offsets] = keys
        # task 12.4 end
