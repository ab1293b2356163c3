"""Tables as CSV: one file each for assets, flows, shares, zones, sources and notes."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from hazardmap import tables
from hazardmap.exposure import Exposure
from hazardmap.writing import harmless, written

__all__ = ["SUFFIX", "csv"]

SUFFIX = ".csv"


def csv(exposures: Sequence[Exposure], path: Path, *, annual: Mapping[str, Any] | None = None) -> None:
    """Write the tables of one or several exposures.

    Parameters
    ----------
    exposures : sequence of Exposure
    path : Path
        A folder, made if needed; a path that ends in ``.csv`` stands for the folder of that name without the ending.
        The files are ``assets.csv, flows.csv, shares.csv, zones.csv, sources.csv, notes.csv``, UTF-8, comma and
        decimal point; ``maps.csv`` and ``seams.csv`` too, where several maps were laid beside each other; and
        ``hazard_sites.csv``, ``notices.csv`` and ``chain.csv`` of hazards that come from sites. Text that
        a spreadsheet would take for a formula gets a leading quote. The rows of assets are written piece by piece.
    annual : mapping, optional
        Write ``annual.csv`` too, the flows per year: options of :meth:`~hazardmap.exposure.Exposure.annual`.

    Raises
    ------
    OutputError
        When the folder cannot be written to.
    """
    folder = path.with_suffix("") if path.suffix.lower() == SUFFIX else path
    found = {
        "flows": _joined([tables.flow_table(e) for e in exposures]),
        "shares": _joined([tables.share_table(e) for e in exposures]),
        "zones": _joined([tables.zone_table(e).drop(columns="geometry") for e in exposures]),
        "sources": tables.source_table(exposures),
        "notes": pd.DataFrame(
            [(e.footprint.hazard, note) for e in exposures for note in e.notes], columns=["hazard", "note"]
        ),
    }
    if annual is not None:
        found["annual"] = _joined([tables.annual_table(e, annual) for e in exposures])
    found |= _maps(exposures) | _sites(exposures)
    for name, table in found.items():
        with written(folder / f"{name}.csv") as beside:
            _harmless(table).to_csv(beside, index=False, lineterminator="\n")
    with written(folder / "assets.csv") as beside, beside.open("w", encoding="utf-8", newline="") as file:
        for number, piece in enumerate(_pieces(exposures)):
            _harmless(piece).to_csv(file, index=False, header=number == 0, lineterminator="\n")


def _maps(exposures: Sequence[Exposure]) -> dict[str, pd.DataFrame]:
    """Return what each of several maps says, and their seams, where there are any."""
    every = [e.footprint for e in exposures]
    maps = [each.maps.assign(hazard=each.hazard) for each in every if each.maps is not None]
    seams = [each.seams.drop(columns="geometry").assign(hazard=each.hazard) for each in every if each.seams is not None]
    return {name: _joined(some) for name, some in (("maps", maps), ("seams", seams)) if some}


def _sites(exposures: Sequence[Exposure]) -> dict[str, pd.DataFrame]:
    """Return sites, whom to notify of them, and the chain that set them off, where there are any."""
    found: dict[str, list[pd.DataFrame]] = {}
    for exposure in exposures:
        for name, table in tables.site_tables(exposure).items():
            plain = table.drop(columns="geometry", errors="ignore")
            found.setdefault(name, []).append(plain.assign(hazard=exposure.footprint.hazard))
    return {name: _joined(some) for name, some in found.items()}


def _pieces(exposures: Sequence[Exposure]) -> Iterator[pd.DataFrame]:
    """Yield the rows of all assets piece by piece, at least one, with the columns of the first."""
    columns: list[str] = []
    for exposure in exposures:
        index = exposure.assets.index
        for start in range(0, max(len(index), 1), tables.PIECE):
            piece = tables.asset_table(exposure, index[start : start + tables.PIECE])
            table = pd.DataFrame(piece.drop(columns="geometry")).reset_index()
            columns = columns or list(table.columns)
            yield table.reindex(columns=columns)


def _joined(found: list[pd.DataFrame]) -> pd.DataFrame:
    return pd.concat(found, ignore_index=True)


def _harmless(table: pd.DataFrame) -> pd.DataFrame:
    text = {
        name: column.map(lambda value: harmless(value) if isinstance(value, str) else value)
        for name, column in table.items()
        if not pd.api.types.is_numeric_dtype(column)
    }
    return table.assign(**text)
