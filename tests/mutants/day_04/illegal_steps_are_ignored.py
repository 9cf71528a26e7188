"""You ignore an illegal step without a word. The mistake behind it will show much later, elsewhere.

task: 4.1
caught-by: test_day_04.py::test_an_illegal_step_is_refused_and_changes_nothing[-decoding]
"""


class Request:
    def advance(self, state):
        # task 4.1 begin
        if state in successors(self.state):
            self.state = state
        # task 4.1 end
