"""You decoded each token by itself. A character whose bytes are spread over tokens comes out broken.

task: 4.2
caught-by: test_day_04.py::test_half_a_character_is_never_shown
"""


class AnswerText:
    def _new_text(self):
        # task 4.2 begin
        return self._decode(self._tokens[-1:])
        # task 4.2 end
