"""You counted a user off only if there was one: with two, none is ever released.

task: 11.2
caught-by: test_day_11.py::test_used_twice_is_released_twice
"""


class PrefixCache:
    def release(self, blocks):
        # task 11.2 begin
        for block in reversed(blocks):
            if block.users == 1:
                block.users = 0
                self._unused[block.number] = block
        # task 11.2 end
