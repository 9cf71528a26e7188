"""You take an end by an error for an end. The client gets half an answer, and thinks that it is whole.

task: 15.6
caught-by: test_day_15.py::test_a_broken_end_is_an_error[cancelled]
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
            text, self.finish = event.text, FINISH.get(event.reason, "stop")
            self.cached = event.cached_tokens if isinstance(event, Ended) else 0
        self.text += text
        self.scores += scores
        return text, scores
        # task 15.6 end
