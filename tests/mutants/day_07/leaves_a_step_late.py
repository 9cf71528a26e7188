"""A request that finishes in the decode pass keeps its slot until after the next admission: a slot idles for a step.

task: 7.4
caught-by: test_day_07.py::test_a_request_joins_as_soon_as_another_leaves
"""


class ContinuousBatcher:
    def step(self):
        # task 7.4 begin
        self.admit()
        self.retire()
        self.prefill()
        self.retire()
        self.decode()
        # task 7.4 end
