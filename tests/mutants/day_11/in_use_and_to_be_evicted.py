"""You used a block and left it among the unused: it is evicted while a request needs it.

task: 11.2
caught-by: test_day_11.py::test_what_is_used_again_is_not_evicted
"""


class PrefixCache:
    def use(self, blocks):
        # task 11.2 begin
        for block in blocks:
            block.users += 1
        # task 11.2 end
