"""You let an empty prompt pass. A model needs at least one token to say what comes next.

task: 15.4
caught-by: test_day_15.py::test_an_empty_prompt_is_refused
"""


def check_length(tokens, max_seq_len, param):
    # task 15.4 begin
    if tokens >= max_seq_len:
        message = f"{param} has {tokens} tokens, and prompt and answer together may have {max_seq_len}: shorten it"
        raise Refusal(400, message, param=param, code="context_length_exceeded")
    # task 15.4 end
