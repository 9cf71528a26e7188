"""You decode only while no request waits: as long as there is a queue, no running request gets a token.

task: 7.4
caught-by: test_day_07.py::test_decoding_goes_on_while_others_wait
"""


class ContinuousBatcher:
    def step(self):
        # task 7.4 begin
        self.admit()
        self.prefill()
        self.retire()  # an answer can be over with its first token
        if not self.waiting:
            self.decode()
        self.retire()
        # task 7.4 end
