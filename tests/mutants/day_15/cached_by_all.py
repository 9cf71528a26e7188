"""You add up what every choice has found cached. The others found what the first had read a moment ago.

task: 15.6
caught-by: test_day_15.py::test_a_whole_answer_has_all_of_its_choices
"""


class Answer:
    def usage(self):
        # task 15.6 begin
        made = sum(choice.tokens for choice in self.choices)
        return usage(len(self._requests[0].prompt), made, sum(choice.cached for choice in self.choices))
        # task 15.6 end
