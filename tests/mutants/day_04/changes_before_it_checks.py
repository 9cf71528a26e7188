"""You set the state before you checked whether it may follow: after the error, the request is in it all the same.

task: 4.1
caught-by: test_day_04.py::test_an_illegal_step_is_refused_and_changes_nothing[-decoding]
"""


class Request:
    def advance(self, state):
        # task 4.1 begin
        before, self.state = self.state, state
        if state not in successors(before):
            allowed = ", ".join(sorted(each.value for each in successors(self.state))) or "nothing"
            raise IllegalTransition(
                f"request {self.id} is {self.state.value} and can't become {state.value}: after that comes {allowed}"
            )
        self.state = state
        # task 4.1 end
