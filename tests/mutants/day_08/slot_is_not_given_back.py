"""You forgot Day 7's part of `retire`: slots are never freed.

task: 8.3
caught-by: test_day_08.py::test_an_idle_batcher_holds_nothing
"""


class ChunkedBatcher:
    def retire(self):
        # task 8.3 begin
        if self._reading is not None and self._reading[0].is_finished:
            self._reading = None
        for slot, request in list(self.running.items()):
            if request.is_finished:
                del self.running[slot]
        # task 8.3 end
