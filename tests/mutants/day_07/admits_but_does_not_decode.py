"""A step of yours either prefills or decodes. With a steady stream of newcomers no request decodes.

task: 7.4
caught-by: test_day_07.py::test_the_first_step_gives_two_tokens
"""


class ContinuousBatcher:
    def step(self):
        # task 7.4 begin
        self.admit()
        if any(request.num_computed_tokens == 0 for request in self.running.values()):
            self.prefill()
        else:
            self.decode()
        self.retire()
        # task 7.4 end
