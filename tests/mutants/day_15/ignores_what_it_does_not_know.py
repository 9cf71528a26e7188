"""You let unknown fields pass. A caller who writes temprature waits for an effect forever.

task: 15.4
caught-by: test_day_15.py::test_what_would_be_ignored_is_refused_by_name[echo-top_k-top_k-unknown_parameter]
"""


def check_fields(unknown):
    # task 15.4 begin
    for name, value in unknown.items():
        if value is None or name in HARMLESS or value in NEUTRAL.get(name, ()):
            continue
        if name in NEUTRAL:
            raise Refusal(400, f"{name} is not supported here: leave it out", param=name, code="unsupported_parameter")
    # task 15.4 end
