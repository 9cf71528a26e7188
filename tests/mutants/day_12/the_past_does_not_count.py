"""You looked for the page's tokens at the beginning of a request: there the same tokens follow nothing.

task: 12.1
caught-by: test_day_12.py::test_the_same_tokens_twice_in_a_row
"""


class BlockAllocator:
    def publish(self, page, tokens, salt="", after=None):
        # task 12.1 begin
        if after is not None and not after.kept:
            return page
        found = self.match(tokens, salt)
        if found:
            self.use(found)
            self.release([page])
            return found[0]
        name = self._name(after, tuple(tokens), salt)
        if name not in self._named:
            page.name, page.parent, page.tokens, page.salt, page.kept = name, after, tuple(tokens), salt, True
            self._named[name] = page
        return page
        # task 12.1 end
