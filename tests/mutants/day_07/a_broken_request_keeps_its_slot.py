"""You freed the slots of answers that are complete or cancelled, but not of those that ended with an error.

task: 7.3
caught-by: test_day_07.py::test_a_decode_that_raises_ends_its_own_request_only[later-token]
"""


class ContinuousBatcher:
    def retire(self):
        # task 7.3 begin
        for slot, request in list(self.running.items()):
            if request.is_finished and request.finish_reason is not FinishReason.ERROR:
                del self.running[slot]
                self.slots.free_slot(request.id)
                for cache in self.caches:
                    if cache.offsets[slot] is not None:
                        cache.remove_request(slot)
        # task 7.3 end
