"""You freed a block when its last user left. That is when it begins to be of use to others.

task: 11.2
caught-by: test_day_11.py::test_who_is_released_stays
"""


class PrefixCache:
    def release(self, blocks):
        # task 11.2 begin
        for block in reversed(blocks):
            block.users -= 1
            if block.users == 0:
                del self._named[block.name]
                self._free.append(block.number)
        # task 11.2 end
