"""You named a page after one that has no name. No search gets there, and yet it stays when nothing uses it.

task: 12.1
caught-by: test_day_12.py::test_a_name_that_everybody_has
"""


class BlockAllocator:
    def publish(self, page, tokens, salt="", after=None):
        # task 12.1 begin
        found = self.match(tokens, salt, after)
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
