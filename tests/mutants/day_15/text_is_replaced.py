"""You keep the newest piece of text in place of all of it.

task: 15.6
caught-by: test_day_15.py::test_tokens_bring_text_and_are_counted
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
                raise EngineFailed(f"the engine ended this request: {event.error or event.reason.value}")
            text, self.finish = event.text, FINISH[event.reason]
            self.cached = event.cached_tokens if isinstance(event, Ended) else 0
        self.text = text or self.text
        self.scores += scores
        return text, scores
        # task 15.6 end
