"""Amounts by source, added up over the blocks without ever holding more than they need."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hazardmap.errors import GridError

if TYPE_CHECKING:
    from hazardmap.coverage.plan import Part

__all__ = ["Records"]

Floats = NDArray[np.float64]
Keys = NDArray[np.int32]

COLUMNS = ("shape", "scenario", "level", "source")

ROOM = 1_000_000
"""Records that may wait before they are merged."""


class Records:
    """Collects (shape, scenario, class, source, amount) block by block."""

    def __init__(self) -> None:
        self._keys: list[Keys] = []
        self._amounts: list[Floats] = []
        self._waiting = 0
        self._room = ROOM
        self._sources: set[int | None] = set()

    def add(self, part: "Part") -> None:
        """Take the records of one block."""
        self._sources.add(part.source)
        if len(self._sources) > 1:
            raise GridError(f"blocks have the sources {self._sources}; expected one source, or an array for each block")
        if len(part.amounts):
            self._keys.append(part.keys)
            self._amounts.append(part.amounts)
            self._waiting += len(part.amounts)
        if self._waiting > self._room:
            merged = _merged(np.concatenate(self._keys), np.concatenate(self._amounts))
            self._keys, self._amounts = [merged[0]], [merged[1]]
            self._waiting = len(merged[1])
            self._room = 2 * self._waiting + ROOM

    def table(self, by_class: Floats) -> pd.DataFrame:
        """Everything, sorted. Where one source holds for all cells, its amounts are those by class."""
        constant = next(iter(self._sources), None)
        if constant is not None:
            shape, scenario, level = np.nonzero(by_class)
            amounts = by_class[shape, scenario, level]
            columns = [shape, scenario, level, np.full(len(shape), constant)]
        elif self._keys:
            keys, amounts = _merged(np.concatenate(self._keys), np.concatenate(self._amounts))
            columns = list(keys.T)
        else:
            amounts, columns = np.empty(0), [np.empty(0)] * len(COLUMNS)
        named = {name: column.astype(np.int32) for name, column in zip(COLUMNS, columns, strict=True)}
        return pd.DataFrame({**named, "amount": amounts}, copy=False)


def _merged(keys: Keys, amounts: Floats) -> tuple[Keys, Floats]:
    """Add up the amounts of equal keys, in the order in which they came; sorted by key."""
    order = np.lexsort(keys.T[::-1])
    keys = keys[order]
    new = np.ones(len(keys), dtype=bool)
    new[1:] = (keys[1:] != keys[:-1]).any(axis=1)
    return keys[new], np.add.reduceat(amounts[order], np.flatnonzero(new))
