"""You wrote each page at the offsets of all tokens: one token lands in the pages of others.

task: 12.4
caught-by: test_day_12.py::test_tokens_are_written_to_their_places_only
"""


class PagedKvCache:
    def write(self, pages, offsets, keys, values):
        # task 12.4 begin
        for page in pages.tolist():
            self.keys[page][:, offsets] = keys.swapaxes(0, 1)
            for token, offset in enumerate(offsets.tolist()):
                self.keys[page, :, offset], self.values[page, :, offset] = keys[token], values[token]
        # task 12.4 end
