"""You refuse a prompt that leaves room for one token. One is enough.

task: 15.4
caught-by: test_day_15.py::test_a_prompt_with_room_for_one_token_passes
"""


def check_length(tokens, max_seq_len, param):
    # task 15.4 begin
    if tokens < 1:
        raise Refusal(400, f"{param} is empty: give at least one token", param=param)
    if tokens >= max_seq_len - 1:
        message = f"{param} has {tokens} tokens, and prompt and answer together may have {max_seq_len}: shorten it"
        raise Refusal(400, message, param=param, code="context_length_exceeded")
    # task 15.4 end
