"""Each refusal lowers the rate, as if the request had come. A crowd that asks again and again talks the engine down.

task: 14.7
caught-by: test_day_14.py::test_a_check_changes_nothing
"""


class Promise:
    def check(self, request):
        # task 14.7 begin
        prompt, unread = len(request.prompt), self._scheduler.num_unread
        allowed = self.objective.ttft * self.rate / self.margin - prompt  # tokens that may be before it
        if not unread or unread <= allowed:
            return
        after = (unread - max(0.0, allowed)) / self.rate
        self.rate *= 0.9
        raise NotInTime(
            f"the first token would come in {self.forecast(prompt):.1f} s, and {self.objective.ttft:.1f} s are "
            f"promised: come back in {after:.1f} s",
            after,
        )
        # task 14.7 end
