"""You named a page without the salt: its tenant does not find it.

task: 12.1
caught-by: test_day_12.py::test_a_published_page_is_found
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
        name = self._name(after, tuple(tokens), "")
        if name not in self._named:
            page.name, page.parent, page.tokens, page.salt, page.kept = name, after, tuple(tokens), salt, True
            self._named[name] = page
        return page
        # task 12.1 end
