"""You looked for the id only among the waiting requests. A running one may have it, too.

task: 7.3
caught-by: test_day_07.py::test_an_id_is_used_once_at_a_time[running]
"""


class ContinuousBatcher:
    def submit(self, request):
        # task 7.3 begin
        if any(request.id == other.id for other in self.waiting):
            raise ValueError(f"there is a request {request.id!r} already: give each an id of its own")
        room = self.max_seq_len - len(request.prompt)
        if room < 1:
            raise ValueError(
                f"a prompt of {len(request.prompt)} tokens leaves no room in {self.max_seq_len}: shorten it"
            )
        limit = min(request.max_tokens, room)
        if len(request.prompt) + limit > self.max_batch_tokens:
            raise ValueError(
                f"{len(request.prompt)} prompt tokens and {limit} new ones are more than max_batch_tokens, "
                f"{self.max_batch_tokens}: ask for fewer"
            )
        request.max_tokens = limit
        self.waiting.append(request)
        # task 7.3 end
