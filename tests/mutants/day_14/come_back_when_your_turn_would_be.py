"""You tell callers to come back when they would have had their token. They could have been admitted long before.

task: 14.7
caught-by: test_day_14.py::test_who_cannot_be_in_time_is_told[two-seconds-late]
"""


class Promise:
    def check(self, request):
        # task 14.7 begin
        prompt, unread = len(request.prompt), self._scheduler.num_unread
        allowed = self.objective.ttft * self.rate / self.margin - prompt  # tokens that may be before it
        if not unread or unread <= allowed:
            return
        after = (unread + prompt) / self.rate
        raise NotInTime(
            f"the first token would come in {self.forecast(prompt):.1f} s, and {self.objective.ttft:.1f} s are "
            f"promised: come back in {after:.1f} s",
            after,
        )
        # task 14.7 end
