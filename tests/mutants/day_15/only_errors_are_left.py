"""You clean up after an Exception. A caller who is cancelled raises CancelledError, which is none.

task: 15.6
caught-by: test_day_15.py::test_who_is_cancelled_leaves_nobody_in_the_engine[whole]
"""


class Answer:
    async def whole(self):
        # task 15.6 begin
        try:
            async for index, event in merged(self._streams):
                self.choices[index].take(event)
            self._see_that_all_have_ended()
        except Exception:
            self.leave()
            raise
        done = [self._wire.choice(k, each.text, each.scores, each.finish or "") for k, each in enumerate(self.choices)]
        return self._wire.whole(done, self.usage())
        # task 15.6 end
