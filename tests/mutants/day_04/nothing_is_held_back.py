"""You showed the beginning of what became a stop string: it can't be taken back.

task: 4.2
caught-by: test_day_04.py::test_a_stop_string_across_tokens_is_found
"""


class AnswerText:
    def _pending(self):
        # task 4.2 begin
        return 0
        # task 4.2 end
