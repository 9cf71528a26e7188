"""You give the whole body an empty name. It has none: None.

task: 15.4
caught-by: test_day_15.py::test_a_field_is_named_as_openai_names_it
"""


def field_name(place):
    # task 15.4 begin
    name = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place)
    return name.removeprefix(".")
    # task 15.4 end
