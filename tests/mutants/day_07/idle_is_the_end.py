"""You stopped when no request was left to serve, though prompts may still arrive.

task: 7.5
caught-by: test_day_07.py::test_an_idle_server_asks_again
"""


def batch_generate(model, tokenizer, prompts, max_seq_len=512, batch_size=5, prefill_step=128, *, max_tokens=64, max_batch_tokens=None, sampling=None, stop=(), on_token=None, on_step=None, clock=None, batcher_class=ContinuousBatcher):
    # task 7.5 begin
    entered: list[Request | Completion] = []
    arrivals, arriving = iter(prompts), True
    while (arriving and not entered) or batcher.has_work:
        for prompt in arrivals if arriving else ():
            if prompt is None:
                break
            entered.append(_enter(batcher, partial(request_of, len(entered), prompt)))
        else:
            arriving = False
        batcher.step()
    return [_completion(each) for each in entered]
    # task 7.5 end
