"""You refuse a field whatever its value is. Many clients send frequency_penalty 0 without being asked.

task: 15.4
caught-by: test_day_15.py::test_what_asks_for_nothing_may_pass[neutral-tools]
"""


def check_fields(unknown):
    # task 15.4 begin
    for name, value in unknown.items():
        if value is None or name in HARMLESS:
            continue
        if name in NEUTRAL:
            raise Refusal(400, f"{name} is not supported here: leave it out", param=name, code="unsupported_parameter")
        raise Refusal(400, f"there is no parameter {name}: leave it out", param=name, code="unknown_parameter")
    # task 15.4 end
