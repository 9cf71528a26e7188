"""You don't read the text that comes with the end. What might have been the beginning of a stop string was held back until then.

task: 15.6
caught-by: test_day_15.py::test_an_end_has_openais_word_and_may_bring_text[eos]
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
            self.finish = FINISH[event.reason]
            self.cached = event.cached_tokens if isinstance(event, Ended) else 0
        self.text += text
        self.scores += scores
        return text, scores
        # task 15.6 end
