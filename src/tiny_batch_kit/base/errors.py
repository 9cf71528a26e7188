"""The one error that commands show as a sentence."""


class KitError(ValueError):
    """What was given, what was expected and what to do: one sentence that the commands show without a traceback."""
