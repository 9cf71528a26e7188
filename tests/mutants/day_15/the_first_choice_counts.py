"""You count the tokens of the first choice only.

task: 15.6
caught-by: test_day_15.py::test_a_whole_answer_has_all_of_its_choices
"""


class Answer:
    def usage(self):
        # task 15.6 begin
        made = self.choices[0].tokens
        return usage(len(self._requests[0].prompt), made, self.choices[0].cached)
        # task 15.6 end
