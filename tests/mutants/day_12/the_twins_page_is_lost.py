"""You gave the caller the page that was there, and did not release its own: nothing uses it, and it is never free.

task: 12.1
caught-by: test_day_12.py::test_two_who_have_computed_the_same
"""


class BlockAllocator:
    def publish(self, page, tokens, salt="", after=None):
        # task 12.1 begin
        if after is not None and not after.kept:
            return page
        found = self.match(tokens, salt, after)
        if found:
            self.use(found)
            return found[0]
        name = self._name(after, tuple(tokens), salt)
        if name not in self._named:
            page.name, page.parent, page.tokens, page.salt, page.kept = name, after, tuple(tokens), salt, True
            self._named[name] = page
        return page
        # task 12.1 end
