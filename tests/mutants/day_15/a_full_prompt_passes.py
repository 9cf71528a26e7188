"""You let a prompt pass that fills everything. There must be room for one new token.

task: 15.4
caught-by: test_day_15.py::test_a_prompt_without_room_is_refused[no-room]
"""


def check_length(tokens, max_seq_len, param):
    # task 15.4 begin
    if tokens < 1:
        raise Refusal(400, f"{param} is empty: give at least one token", param=param)
    if tokens > max_seq_len:
        message = f"{param} has {tokens} tokens, and prompt and answer together may have {max_seq_len}: shorten it"
        raise Refusal(400, message, param=param, code="context_length_exceeded")
    # task 15.4 end
