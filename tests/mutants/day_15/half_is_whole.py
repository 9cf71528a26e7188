"""You don't check whether all choices have ended. A stream that was cut off makes an answer without an end.

task: 15.6
caught-by: test_day_15.py::test_half_an_answer_is_no_answer[half-whole]
"""


class Answer:
    async def whole(self):
        # task 15.6 begin
        try:
            async for index, event in merged(self._streams):
                self.choices[index].take(event)
        finally:
            self.leave()
        done = [self._wire.choice(k, each.text, each.scores, each.finish or "") for k, each in enumerate(self.choices)]
        return self._wire.whole(done, self.usage())
        # task 15.6 end
