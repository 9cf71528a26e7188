"""For a prompt that is too long for the promise you wait until less than nothing is unread. It may come as soon as
nothing is.

task: 14.7
caught-by: test_day_14.py::test_nobody_is_sent_away_from_an_idle_engine
"""


class Promise:
    def check(self, request):
        # task 14.7 begin
        prompt, unread = len(request.prompt), self._scheduler.num_unread
        allowed = self.objective.ttft * self.rate / self.margin - prompt  # tokens that may be before it
        if not unread or unread <= allowed:
            return
        after = (unread - allowed) / self.rate
        raise NotInTime(
            f"the first token would come in {self.forecast(prompt):.1f} s, and {self.objective.ttft:.1f} s are "
            f"promised: come back in {after:.1f} s",
            after,
        )
        # task 14.7 end
