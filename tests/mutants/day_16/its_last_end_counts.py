"""You let a second end move the first one.

task: 16.2
caught-by: test_day_16.py::test_its_first_end_counts
"""


class Board:
    def ended(self, replica, ask_id, now):
        # task 16.2 begin
        one = self._mine.get(replica, {}).get(ask_id)
        if one is None:
            return
        one.ended = now
        # task 16.2 end
