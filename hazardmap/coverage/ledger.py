"""Compiled book-keeping of sources: a small hash table for the shape at hand, and the records that it leaves."""

from typing import Any

import numpy as np

from hazardmap.coverage.compiled import compiled
from hazardmap.coverage.tuples import Ledger

__all__ = ["close", "find"]


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
def close(ledger: Any, following: int) -> Any:
    """Turn what the ledger holds into records of the shape at hand, and empty it for the following one."""
    k = ledger.counts[2]
    _, scenarios, levels = ledger.amounts.shape
    need = ledger.counts[1] + ledger.counts[0] * scenarios * levels
    if need > len(ledger.values):
        ledger = _grown(ledger, 2 * need)
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
    return ledger


@compiled
def _grown(ledger: Any, size: int) -> Any:
    """Make a ledger with room for more records."""
    keys = np.empty((size, 4), np.int32)
    values = np.empty(size)
    for record in range(ledger.counts[1]):  # assigning slices would take seconds to compile
        for column in range(4):
            keys[record, column] = ledger.keys[record, column]
        values[record] = ledger.values[record]
    return Ledger(ledger.table, ledger.sources, ledger.where, ledger.amounts, ledger.counts, keys, values)
