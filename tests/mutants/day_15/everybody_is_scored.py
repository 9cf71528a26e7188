"""You score the tokens of all requests. A logsumexp over the vocabulary costs more than all the rest of sampling.

task: 15.7
caught-by: test_day_15.py::test_log_probabilities_are_asked_for_in_the_sampling[none]
"""


class Service:
    def requests(self, body, prompt, name):
        # task 15.7 begin
        seed = self._new_seed() if body.seed is None else body.seed
        room = self.max_seq_len - len(prompt)
        temperature = 1.0 if body.temperature is None else body.temperature
        top_p = 1.0 if body.top_p is None else body.top_p
        requests = []
        for choice in range(body.choices):
            sampling = SamplingParams(temperature, 0, top_p, (seed + choice) % 2**64)
            sampling = ScoredSampling(**vars(sampling), top_logprobs=body.scored or 0)
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
