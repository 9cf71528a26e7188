"""You tell every caller to come back in a second, whatever waits. They are refused again, and again.

task: 14.7
caught-by: test_day_14.py::test_who_comes_back_when_told_may_come
"""


class Promise:
    def check(self, request):
        # task 14.7 begin
        prompt, unread = len(request.prompt), self._scheduler.num_unread
        allowed = self.objective.ttft * self.rate / self.margin - prompt  # tokens that may be before it
        if not unread or unread <= allowed:
            return
        after = 1.0
        raise NotInTime(
            f"the first token would come in {self.forecast(prompt):.1f} s, and {self.objective.ttft:.1f} s are "
            f"promised: come back in {after:.1f} s",
            after,
        )
        # task 14.7 end
