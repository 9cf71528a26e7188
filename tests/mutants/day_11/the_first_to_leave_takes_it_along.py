"""You let the first release end the use of all: another request still reads what may now be evicted.

task: 11.2
caught-by: test_day_11.py::test_one_who_leaves_takes_nothing_from_the_other
"""


class PrefixCache:
    def release(self, blocks):
        # task 11.2 begin
        for block in reversed(blocks):
            block.users = 0
            self._unused[block.number] = block
        # task 11.2 end
