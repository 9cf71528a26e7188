"""You say that the engine failed, and not of what.

task: 15.6
caught-by: test_day_15.py::test_a_broken_end_is_an_error
"""


class Choice:
    def take(self, event):
        # task 15.6 begin
        text, scores = "", list[Score]()
        if isinstance(event, TokenEvent):
            text = event.text
            self.tokens += 1
            if isinstance(event, ScoredToken) and event.score is not None:
                scores.append(event.score)
        elif isinstance(event, FinishedEvent):
            if event.reason not in FINISH:
                raise EngineFailed("the engine failed")
            text, self.finish = event.text, FINISH[event.reason]
            self.cached = event.cached_tokens if isinstance(event, Ended) else 0
        self.text += text
        self.scores += scores
        return text, scores
        # task 15.6 end
