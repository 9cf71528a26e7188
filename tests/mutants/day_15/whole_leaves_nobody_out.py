"""You leave without a word when something goes wrong: the other choices run on for nobody.

task: 15.6
caught-by: test_day_15.py::test_half_an_answer_is_no_answer
"""


class Answer:
    async def whole(self):
        # task 15.6 begin
        async for index, event in merged(self._streams):
            self.choices[index].take(event)
        self._see_that_all_have_ended()
        done = [self._wire.choice(k, each.text, each.scores, each.finish or "") for k, each in enumerate(self.choices)]
        return self._wire.whole(done, self.usage())
        # task 15.6 end
