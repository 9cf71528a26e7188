"""You gave lists only to requests that want guesses. There is one for each request, in order.

task: 13.5
caught-by: test_day_13.py::test_who_wants_none_is_not_read
"""


class DraftModel:
    def propose(self, requests, most):
        # task 13.5 begin
        limits = {request.id: limit for request, limit in zip(requests, most, strict=True)}
        guesses: dict[str, list[int]] = {request.id: [] for request in requests}
        work = self._catch_up([request for request in requests if limits[request.id] > 0])
        while work:
            told = self.runner.run(StepPlan(tuple(work)))
            going: list[Work] = []
            for each in work:
                seen, stop = self._seen[each.request_id], each.start + len(each.tokens)
                if not each.wanted:
                    continue
                token, mine = told[each.request_id][0], guesses[each.request_id]
                mine.append(token)
                if len(mine) < limits[each.request_id]:
                    seen.guessed.append(token)
                    going.append(each._replace(start=stop, tokens=[token]))
            work = going
        return [guesses[request.id] for request in requests if limits[request.id] > 0]
        # task 13.5 end
