"""You name the field and not the place in it. With twenty messages, "messages" says little.

task: 15.4
caught-by: test_day_15.py::test_a_field_is_named_as_openai_names_it
"""


def field_name(place):
    # task 15.4 begin
    return str(place[0]) if place else None
    # task 15.4 end
