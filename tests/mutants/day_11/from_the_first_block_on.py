"""You released a request's blocks from the first to the last: the beginning is evicted before the blocks that need
it, and the rest is of no use.

task: 11.2
caught-by: test_day_11.py::test_nobody_goes_before_those_that_hang_on_it
"""


class PrefixCache:
    def release(self, blocks):
        # task 11.2 begin
        for block in blocks:
            block.users -= 1
            if block.users == 0:
                self._unused[block.number] = block
        # task 11.2 end
