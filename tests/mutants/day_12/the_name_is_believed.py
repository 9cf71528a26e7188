"""You believed the name. Another page may have the same one by accident, and then a request reads another text.

task: 12.1
caught-by: test_day_12.py::test_a_name_that_everybody_has
"""


class BlockAllocator:
    def publish(self, page, tokens, salt="", after=None):
        # task 12.1 begin
        if after is not None and not after.kept:
            return page
        name = self._name(after, tuple(tokens), salt)
        if name in self._named:
            self.use([self._named[name]])
            self.release([page])
            return self._named[name]
        page.name, page.parent, page.tokens, page.salt, page.kept = name, after, tuple(tokens), salt, True
        self._named[name] = page
        return page
        # task 12.1 end
