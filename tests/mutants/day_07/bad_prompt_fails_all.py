"""A bad prompt ends everything with an error: the others pay for it.

task: 7.5
caught-by: test_day_07.py::test_a_bad_prompt_is_its_own_error_and_the_others_are_served
"""


def _enter(batcher, make_request):
    # task 7.5 begin
    request = make_request()
    batcher.submit(request)
    return request
    # task 7.5 end
