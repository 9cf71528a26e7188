"""You took every error for a bad prompt. A broken tokenizer is not the prompt's fault, and this hides it.

task: 7.5
caught-by: test_day_07.py::test_only_a_bad_prompt_is_forgiven
"""


def _enter(batcher, make_request):
    # task 7.5 begin
    try:
        request = make_request()
        batcher.submit(request)
    except Exception as error:
        return Completion("", [], FinishReason.ERROR, str(error))
    return request
    # task 7.5 end
