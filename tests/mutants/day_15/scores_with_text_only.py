"""You take a score only if its token brings text. A token can be the first half of a character.

task: 15.6
caught-by: test_day_15.py::test_scores_are_kept_in_order
"""


class Choice:
    def take(self, event):
        # task 15.6 begin
        text, scores = "", list[Score]()
        if isinstance(event, TokenEvent):
            text = event.text
            self.tokens += 1
            if isinstance(event, ScoredToken) and event.score is not None and text:
                scores.append(event.score)
        elif isinstance(event, FinishedEvent):
            if event.reason not in FINISH:
                raise EngineFailed(f"the engine ended this request: {event.error or event.reason.value}")
            text, self.finish = event.text, FINISH[event.reason]
            self.cached = event.cached_tokens if isinstance(event, Ended) else 0
        self.text += text
        self.scores += scores
        return text, scores
        # task 15.6 end
