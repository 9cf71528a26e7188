"""You marked the prompt as refused and kept the reason to yourself.

task: 7.5
caught-by: test_day_07.py::test_a_bad_prompt_is_its_own_error_and_the_others_are_served
"""


def _enter(batcher, make_request):
    # task 7.5 begin
    try:
        request = make_request()
        batcher.submit(request)
    except ValueError as error:
        return Completion("", [], FinishReason.ERROR, None)
    return request
    # task 7.5 end
