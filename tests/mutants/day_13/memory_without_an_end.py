"""You made room for every guess. Keys and values of guesses need memory as well.

task: 13.2
caught-by: test_day_13.py::test_guesses_take_what_memory_has_left[19-guesses2-slots]
"""


class SpeculativeScheduler:
    def _room_for(self, request, guesses):
        # task 13.2 begin
        return guesses
        # task 13.2 end
