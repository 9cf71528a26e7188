"""How long work says where it is."""

from typing import Protocol


class Progress(Protocol):
    """How a measurement says where it is: `progress("step time at B = 8", 0.4)`; no fraction means "can't say"."""

    def __call__(self, message: str, fraction: float | None = None, /) -> None:
        """Show `message`; `fraction` of the whole, 0 to 1, is done."""
        ...
