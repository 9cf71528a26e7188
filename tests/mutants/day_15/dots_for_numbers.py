"""You write messages.0.role. OpenAI writes messages[0].role.

task: 15.4
caught-by: test_day_15.py::test_a_field_is_named_as_openai_names_it[deep]
"""


def field_name(place):
    # task 15.4 begin
    return ".".join(map(str, place)) or None
    # task 15.4 end
