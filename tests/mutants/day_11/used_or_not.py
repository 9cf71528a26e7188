"""You noted that a block is used, not by how many: the first to leave takes it from all the others.

task: 11.2
caught-by: test_day_11.py::test_users_are_counted
"""


class PrefixCache:
    def use(self, blocks):
        # task 11.2 begin
        for block in blocks:
            block.users = 1
            self._unused.pop(block.number, None)
        # task 11.2 end
