"""You count the prompt once for each choice. It is read once, and paid for once.

task: 15.6
caught-by: test_day_15.py::test_a_whole_answer_has_all_of_its_choices
"""


class Answer:
    def usage(self):
        # task 15.6 begin
        made = sum(choice.tokens for choice in self.choices)
        return usage(sum(len(each.prompt) for each in self._requests), made, self.choices[0].cached)
        # task 15.6 end
