"""You counted the tokens of all, but not the guesses that others have made in this step.

task: 13.2
caught-by: test_day_13.py::test_guesses_take_what_memory_has_left[19-guesses2-slots]
"""


class SpeculativeScheduler:
    def _room_for(self, request, guesses):
        # task 13.2 begin
        return min(guesses, self.max_memory_tokens - sum(length(each) for each in self.running.values()))
        # task 13.2 end
