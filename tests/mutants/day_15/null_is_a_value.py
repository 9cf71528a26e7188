"""You refuse fields that are null. That is how many clients write that they want nothing.

task: 15.4
caught-by: test_day_15.py::test_what_asks_for_nothing_may_pass
"""


def check_fields(unknown):
    # task 15.4 begin
    for name, value in unknown.items():
        if name in HARMLESS or value in NEUTRAL.get(name, ()):
            continue
        if name in NEUTRAL:
            raise Refusal(400, f"{name} is not supported here: leave it out", param=name, code="unsupported_parameter")
        raise Refusal(400, f"there is no parameter {name}: leave it out", param=name, code="unknown_parameter")
    # task 15.4 end
