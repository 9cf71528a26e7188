"""You gave a page a name that another one has: that one is never found again, and takes the name along when it goes.

task: 12.1
caught-by: test_day_12.py::test_a_name_that_everybody_has
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
        page.name, page.parent, page.tokens, page.salt, page.kept = name, after, tuple(tokens), salt, True
        self._named[name] = page
        return page
        # task 12.1 end
