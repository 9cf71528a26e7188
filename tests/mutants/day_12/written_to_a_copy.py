"""You picked the pages first, and wrote to what you had picked: that is a copy, and the cache stays as it was.

task: 12.4
caught-by: test_day_12.py::test_tokens_are_written_to_their_places_only
"""


class PagedKvCache:
    def write(self, pages, offsets, keys, values):
        # task 12.4 begin
        picked, said = self.keys[pages], self.values[pages]
        for token in range(len(pages)):
            picked[token, :, offsets[token]] = keys[token]
            said[token, :, offsets[token]] = values[token]
        # task 12.4 end
