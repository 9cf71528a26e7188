"""You took each end for that of a request that is there.

task: 16.2
caught-by: test_day_16.py::test_an_end_is_told_twice_or_of_nobody
"""


class Board:
    def ended(self, replica, ask_id, now):
        # task 16.2 begin
        one = self._mine[replica][ask_id]
        if one is None or one.ended is not None:
            return
        one.ended = now
        # task 16.2 end
