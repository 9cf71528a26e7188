"""You let a request guess only if there is memory for all of its guesses. Some are better than none.

task: 13.2
caught-by: test_day_13.py::test_guesses_take_what_memory_has_left[19-guesses2-slots]
"""


class SpeculativeScheduler:
    def _room_for(self, request, guesses):
        # task 13.2 begin
        return guesses if guesses <= self.max_memory_tokens - self.memory_used else 0
        # task 13.2 end
