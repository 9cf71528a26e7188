"""What a step costs: a roofline's shape, with constants that were measured."""

import json
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tiny_batch_kit.base.errors import KitError
from tiny_batch_kit.base.paths import OUT

VERSION = 1
SAVED = OUT / "calibration.json"
BOOKS = Path(__file__).with_name("book_machine.json")


@dataclass(frozen=True)
class CostModel:
    """Seconds of a step.

    sizes and seconds: what the products of a pass of so many tokens take; between two sizes a straight line. On a
    roofline the first part is flat, for all weights are read whatever the number of tokens, and then it rises.
    row_key: for each key that a row of one token looks at. score: for each query of a segment and key it looks at.
    segment: for each segment of more than one token. logits: for each place whose logits are wanted.
    machine, model: where and with what it was measured.
    """

    sizes: tuple[int, ...]
    seconds: tuple[float, ...]
    row_key: float
    score: float
    segment: float
    logits: float
    machine: str = ""
    model: str = ""
    version: int = VERSION

    def __post_init__(self) -> None:
        if len(self.sizes) < 2 or list(self.sizes) != sorted(set(self.sizes)) or len(self.sizes) != len(self.seconds):
            raise KitError(f"A price list wants at least two rising sizes with seconds, not {self.sizes}.")

    def of(self, work: Sequence[Any]) -> float:
        """The seconds of a step with this work: a plan's `work`."""
        tokens = keys = scores = segments = wanted = 0
        for each in work:
            size = len(each.tokens)
            tokens += size
            wanted += each.wanted
            if size == 1:
                keys += each.start + 1
            else:
                segments += 1
                scores += size * (each.start + size)
        extras = keys * self.row_key + scores * self.score + segments * self.segment + wanted * self.logits
        return self.products(tokens) + extras

    def products(self, tokens: int) -> float:
        """The seconds of the products of a pass of so many tokens."""
        low, share = self.between(tokens)
        return max(0.0, self.seconds[low] + share * (self.seconds[low + 1] - self.seconds[low]))

    def between(self, tokens: int) -> tuple[int, float]:
        """Between which two sizes so many tokens are: the number of the lower, and how far on, 0 to 1, or beyond."""
        low = max(0, min(bisect_right(self.sizes, tokens) - 1, len(self.sizes) - 2))
        return low, (tokens - self.sizes[low]) / (self.sizes[low + 1] - self.sizes[low])


def fit(sizes: Sequence[int], measured: Sequence[tuple[Sequence[Any], float]]) -> dict[str, Any]:
    """The constants that explain measured steps best, by least squares over relative errors: CostModel's fields.

    measured: each step's work and seconds. No constant is below 0: what would be, explains nothing and is left out.
    """
    rows = np.array([_features(sizes, work) for work, _ in measured])
    seconds = np.array([taken for _, taken in measured])
    keep = np.ones(rows.shape[1], dtype=bool)
    while True:
        found = np.zeros(rows.shape[1])
        found[keep] = np.linalg.lstsq(rows[:, keep] / seconds[:, None], np.ones(len(seconds)), rcond=None)[0]
        if (found >= 0).all():
            break
        keep &= found >= 0
    products, (row_key, score, segment, logits) = found[: len(sizes)], found[len(sizes) :]
    return {
        "sizes": tuple(sizes),
        "seconds": tuple(products.tolist()),
        "row_key": float(row_key),
        "score": float(score),
        "segment": float(segment),
        "logits": float(logits),
    }


def _features(sizes: Sequence[int], work: Sequence[Any]) -> list[float]:
    """What of each constant a step has: CostModel.of is their product with the constants."""
    one = CostModel(tuple(sizes), (0.0,) * len(sizes), 0, 0, 0, 0)
    features = [0.0] * len(sizes)
    low, share = one.between(sum(len(each.tokens) for each in work))
    features[low], features[low + 1] = 1 - share, share
    for name in ("row_key", "score", "segment", "logits"):
        features.append(CostModel(**{**asdict(one), name: 1.0}).of(work))
    return features


def save(cost: CostModel, path: Path = SAVED) -> Path:
    """Keep a price list as JSON."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(asdict(cost), indent=1) + "\n", encoding="utf-8")
    return path


def load(path: Path | None = None) -> CostModel:
    """The price list of this machine if it was calibrated, else that of the book's. KitError if it can't be read."""
    found = path or (SAVED if SAVED.exists() else BOOKS)
    try:
        data = json.loads(found.read_text(encoding="utf-8"))
        if data.get("version") != VERSION:
            raise KitError(f"{found} is a price list of version {data.get('version')}: calibrate anew.")
        return CostModel(**{**data, "sizes": tuple(data["sizes"]), "seconds": tuple(data["seconds"])})
    except (OSError, ValueError, TypeError, AttributeError, KeyError) as error:
        if isinstance(error, KitError):
            raise
        raise KitError(f"{found} is no price list ({error}): calibrate anew.") from error
