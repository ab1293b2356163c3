"""Tables as CSV: one file each for assets, flows, shares, zones, sources and notes."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from hazardmap import tables
from hazardmap.exposure import Exposure
from hazardmap.writing import harmless, written

__all__ = ["SUFFIX", "csv"]

SUFFIX = ".csv"


def csv(exposures: Sequence[Exposure], path: Path) -> None:
    """Write the tables of one or several exposures.

    Parameters
    ----------
    exposures : sequence of Exposure
    path : Path
        A folder, made if needed; a path that ends in ``.csv`` stands for the folder of that name without the ending.
        The files are ``assets.csv, flows.csv, shares.csv, zones.csv, sources.csv, notes.csv``, UTF-8, comma and
        decimal point. Text that a spreadsheet would take for a formula gets a leading quote.

    Raises
    ------
    OutputError
        When the folder cannot be written to.
    """
    folder = path.with_suffix("") if path.suffix.lower() == SUFFIX else path
    found = {
        "assets": _joined([tables.asset_table(e).drop(columns="geometry").reset_index() for e in exposures]),
        "flows": _joined([tables.flow_table(e) for e in exposures]),
        "shares": _joined([tables.share_table(e) for e in exposures]),
        "zones": _joined([tables.zone_table(e).drop(columns="geometry") for e in exposures]),
        "sources": tables.source_table(exposures),
        "notes": pd.DataFrame(
            [(e.footprint.hazard, note) for e in exposures for note in e.notes], columns=["hazard", "note"]
        ),
    }
    for name, table in found.items():
        with written(folder / f"{name}.csv") as beside:
            _harmless(table).to_csv(beside, index=False, lineterminator="\n")


def _joined(found: list[pd.DataFrame]) -> pd.DataFrame:
    return pd.concat(found, ignore_index=True)


def _harmless(table: pd.DataFrame) -> pd.DataFrame:
    text = {
        name: column.map(lambda value: harmless(value) if isinstance(value, str) else value)
        for name, column in table.items()
        if not pd.api.types.is_numeric_dtype(column)
    }
    return table.assign(**text)
