"""You take temperature 0 for none. A caller who asks for 0 wants the likeliest tokens.

task: 15.7
caught-by: test_day_15.py::test_what_is_not_given_is_one[both]
"""


class Service:
    def requests(self, body, prompt, name):
        # task 15.7 begin
        seed = self._new_seed() if body.seed is None else body.seed
        room = self.max_seq_len - len(prompt)
        temperature = body.temperature or 1.0
        top_p = 1.0 if body.top_p is None else body.top_p
        requests = []
        for choice in range(body.choices):
            sampling = SamplingParams(temperature, 0, top_p, (seed + choice) % 2**64)
            if body.scored is not None:
                sampling = ScoredSampling(**vars(sampling), top_logprobs=body.scored)
            requests.append(
                Request(
                    f"{name}-{choice}",
                    prompt,
                    room if body.limit is None else min(body.limit, room),
                    eos_token_ids=self.tokenizer.eos_token_ids,
                    stop=body.stop or (),
                    sampling=sampling,
                    sample_of=None if choice == 0 else f"{name}-0",
                    decode=self.tokenizer.decode,
                )
            )
        return requests
        # task 15.7 end
