"""You forgot a request when it ended: the report that you have still includes it.

task: 16.2
caught-by: test_day_16.py::test_what_has_ended_since_counts_no_more
"""


class Board:
    def ended(self, replica, ask_id, now):
        # task 16.2 begin
        one = self._mine.get(replica, {}).get(ask_id)
        if one is None or one.ended is not None:
            return
        del self._mine[replica][ask_id]
        # task 16.2 end
