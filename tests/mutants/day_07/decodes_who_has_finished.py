"""You did not retire the requests that finished with their first token before the decode pass: they go on decoding.

task: 7.4
caught-by: test_day_07.py::test_an_answer_may_be_over_with_its_first_token
"""


class ContinuousBatcher:
    def step(self):
        # task 7.4 begin
        self.admit()
        self.prefill()
        self.decode()
        self.retire()
        # task 7.4 end
