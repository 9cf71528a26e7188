"""You released a page when you published it. Who computed it still runs, and reads it.

task: 12.1
caught-by: test_day_12.py::test_what_nobody_uses_stays_if_it_has_a_name
"""


class BlockAllocator:
    def publish(self, page, tokens, salt="", after=None):
        # task 12.1 begin
        if after is not None and not after.kept:
            return page
        found = self.match(tokens, salt, after)
        if found:
            self.use(found)
            self.release([page])
            return found[0]
        name = self._name(after, tuple(tokens), salt)
        if name not in self._named:
            page.name, page.parent, page.tokens, page.salt, page.kept = name, after, tuple(tokens), salt, True
            self._named[name] = page
            self.release([page])
        return page
        # task 12.1 end
