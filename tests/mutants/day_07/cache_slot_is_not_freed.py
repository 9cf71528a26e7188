"""You gave the slot back and left it taken in the caches: the next tenant is refused, or decodes behind the old one's text.

task: 7.3
caught-by: test_day_07.py::test_retiring_frees_slot_and_cache
"""


class ContinuousBatcher:
    def retire(self):
        # task 7.3 begin
        for slot, request in list(self.running.items()):
            if request.is_finished:
                del self.running[slot]
                self.slots.free_slot(request.id)
                pass
        # task 7.3 end
