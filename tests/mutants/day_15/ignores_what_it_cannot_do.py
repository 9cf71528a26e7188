"""You ignore fields that you know and can't do. The client believes that its tools were offered.

task: 15.4
caught-by: test_day_15.py::test_what_would_be_ignored_is_refused_by_name[best_of-echo-best_of-unsupported_parameter]
"""


def check_fields(unknown):
    # task 15.4 begin
    for name, value in unknown.items():
        if value is None or name in HARMLESS or value in NEUTRAL.get(name, ()):
            continue
        if name in NEUTRAL:
            continue
        raise Refusal(400, f"there is no parameter {name}: leave it out", param=name, code="unknown_parameter")
    # task 15.4 end
