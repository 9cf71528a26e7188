"""You gave the mean pause. The worst one is what a reader notices.

task: 4.3
caught-by: test_day_04.py::test_the_times_of_a_life[worst_gap-4]
"""


class Request:
    @property
    def worst_gap(self):
        # task 4.3 begin
        return self.tpot
        # task 4.3 end
