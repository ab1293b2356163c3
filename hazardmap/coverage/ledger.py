"""Book-keeping of sources: a small hash table for the shape at hand, and the records that it leaves."""

from typing import Any

import numpy as np

from hazardmap.coverage.compiled import compiled
from hazardmap.coverage.tuples import Ledger

__all__ = ["close", "find", "lacks_room", "with_room"]


@compiled
def find(ledger: Any, source: int) -> int:
    """Place of a source in the ledger; a new one is entered."""
    mask = len(ledger.table) - 1
    slot = (source * 0x9E3779B1 >> 7) & mask
    while ledger.table[slot] >= 0:
        if ledger.sources[ledger.table[slot]] == source:
            return int(ledger.table[slot])
        slot = (slot + 1) & mask
    place = ledger.counts[0]
    ledger.table[slot] = place
    ledger.sources[place] = source
    ledger.where[place] = slot
    ledger.counts[0] += 1
    return int(place)


@compiled
def lacks_room(ledger: Any) -> bool:
    """Whether what the ledger holds may not fit into its records."""
    _, scenarios, levels = ledger.amounts.shape
    return bool(ledger.counts[1] + ledger.counts[0] * scenarios * levels > len(ledger.values))


def with_room(ledger: Ledger) -> Ledger:
    """Return a ledger whose records have room for what it holds."""
    if not lacks_room(ledger):
        return ledger
    _, scenarios, levels = ledger.amounts.shape
    size = 2 * int(ledger.counts[1] + ledger.counts[0] * scenarios * levels)
    keys, values = np.empty((size, 4), np.int32), np.empty(size)
    keys[: len(ledger.keys)], values[: len(ledger.values)] = ledger.keys, ledger.values
    return ledger._replace(keys=keys, values=values)


@compiled
def close(ledger: Any, following: int) -> None:
    """Turn what the ledger holds into records of the shape at hand, and empty it for the following one.

    There has to be room for them.
    """
    k = ledger.counts[2]
    _, scenarios, levels = ledger.amounts.shape
    for place in range(ledger.counts[0]):
        for s in range(scenarios):
            for level in range(levels):
                amount = ledger.amounts[place, s, level]
                if amount > 0.0:
                    record = ledger.counts[1]
                    ledger.keys[record, 0] = k
                    ledger.keys[record, 1] = s
                    ledger.keys[record, 2] = level
                    ledger.keys[record, 3] = ledger.sources[place]
                    ledger.values[record] = amount
                    ledger.counts[1] += 1
                    ledger.amounts[place, s, level] = 0.0
        ledger.table[ledger.where[place]] = -1
    ledger.counts[0] = 0
    ledger.counts[2] = following
