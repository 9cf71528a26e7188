"""You let every field pass whose value is false in Python's eyes. top_k 0 is a parameter that does not exist, too.

task: 15.4
caught-by: test_day_15.py::test_what_would_be_ignored_is_refused_by_name[echo-top_k-top_k-unknown_parameter]
"""


def check_fields(unknown):
    # task 15.4 begin
    for name, value in unknown.items():
        if not value or name in HARMLESS or value in NEUTRAL.get(name, ()):
            continue
        if name in NEUTRAL:
            raise Refusal(400, f"{name} is not supported here: leave it out", param=name, code="unsupported_parameter")
        raise Refusal(400, f"there is no parameter {name}: leave it out", param=name, code="unknown_parameter")
    # task 15.4 end
