"""You return what the last step was made of, and not all together.

task: 14.4
caught-by: test_day_14.py::test_several_steps_together
"""


def sum_of(records):
    # task 14.4 begin
    found = Composition()
    for record in records:
        found = compose(record)
    return found
    # task 14.4 end
