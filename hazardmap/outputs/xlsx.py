"""Exposure as a workbook: the objects from worst on, what its columns mean, flows, notes and sources."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd

from hazardmap import tables
from hazardmap.columns import COUNTED, explain
from hazardmap.errors import MissingExtraError, OutputError
from hazardmap.exposure import Exposure
from hazardmap.provenance import provenance, text_in
from hazardmap.writing import harmless, written

__all__ = ["NEEDS", "SUFFIX", "xlsx"]

SUFFIX = ".xlsx"
NEEDS = ("xlsxwriter", "xlsx")

MOST_ROWS = 1_048_576
"""Rows that a sheet can have."""

_LONGEST = 32_767
_STATUS = {"hit": 0, "partial": 1, "not covered": 2, "dry": 3, "not hit": 3}
# A workbook has to state when it was made; the date of the run, where known, stands on the sheet of sources.
_NO_DATE = datetime(2000, 1, 1, tzinfo=UTC).replace(tzinfo=None)


def xlsx(
    exposures: Sequence[Exposure],
    path: Path,
    *,
    title: str | Mapping[str, str] | None = None,
    study: Mapping[str, Any] | None = None,
    made: str | None = None,
) -> None:
    """Write one workbook with the sheets Objects, Columns, Flows, Notes and Sources.

    Objects are sorted by severity: what is hit before what is not known and what is not hit; then the worst class,
    the greatest foreign share, and the greatest amount. Flows are matrices origin x country. Text that a spreadsheet
    would take for a formula gets a leading quote, and no address becomes a link. Rows are written one after the other.

    Parameters
    ----------
    exposures : sequence of Exposure
    path : Path
        File to write.
    title, study, made : optional
        For the sheet Sources; see :func:`hazardmap.provenance.provenance`.

    Raises
    ------
    OutputError
        When there are more rows than a sheet can have, or the file cannot be written.
    MissingExtraError
        Without the extra ``xlsx``.
    """
    try:
        from xlsxwriter import Workbook
    except ModuleNotFoundError:
        raise MissingExtraError("writing XLSX needs the package xlsxwriter; install hazardmap[xlsx]") from None
    count = sum(len(exposure.assets) for exposure in exposures)
    if count >= MOST_ROWS:
        raise OutputError(
            f"{path} would need {count:,} rows; a sheet holds {MOST_ROWS - 1:,}; write .csv, .gpkg or .parquet instead"
        )
    about = provenance(exposures, study=study, title=title, made=made)
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "nan_inf_to_errors": False,
    }
    with written(path) as beside, TemporaryDirectory(dir=path.parent, prefix=".hazardmap-") as scratch:
        book = Workbook(str(beside), {**options, "tmpdir": scratch})
        book.set_properties(
            {
                "title": text_in(about["title"]),
                "author": "",
                "comments": f"run {about['run']}",
                "created": _NO_DATE,
            }
        )
        sheets: list[tuple[str, Iterator[Sequence[Any]]]] = [
            ("Objects", _objects(exposures)),
            ("Columns", _columns(exposures)),
            ("Flows", _flows(exposures)),
            ("Notes", _notes(exposures)),
            ("Sources", _sources(exposures, about)),
        ]
        bold = book.add_format({"bold": True})
        try:
            for name, rows in sheets:
                _fill(book.add_worksheet(name), rows, bold)
            book.close()
        finally:
            _release(book)


def _release(book: Any) -> None:
    """Close the temporary files of a workbook, which it leaves open where it could not be written."""
    for sheet in book.worksheets():
        handle = getattr(sheet, "row_data_fh", None)
        if handle is not None:
            with suppress(OSError):
                handle.close()


def _fill(sheet: Any, rows: Iterator[Sequence[Any]], bold: Any) -> None:
    """Write a sheet row by row; text as text, whatever it looks like."""
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, 50, 16)
    for number, row in enumerate(rows):
        style = bold if number == 0 else None
        for column, value in enumerate(row):
            if isinstance(value, bool | np.bool_):
                sheet.write_boolean(number, column, bool(value), style)
            elif isinstance(value, int | float | np.number):
                if np.isfinite(value):
                    sheet.write_number(number, column, float(value), style)
            elif isinstance(value, str):
                sheet.write_string(number, column, harmless(value)[:_LONGEST], style)


def _objects(exposures: Sequence[Exposure]) -> Iterator[Sequence[Any]]:
    """Yield the rows of all assets and territories, hazard after hazard, each from its worst on."""
    header: list[str] = []
    for exposure in exposures:
        order = severity(exposure)
        for start in range(0, len(order), tables.PIECE):
            table = tables.asset_table(exposure, exposure.assets.index[order[start : start + tables.PIECE]])
            table = pd.DataFrame(table.drop(columns="geometry"))
            if not header:
                header = [str(name) for name in table.columns]
                yield header
            yield from table.reindex(columns=header).itertuples(index=False, name=None)


def severity(exposure: Exposure) -> np.ndarray[Any, np.dtype[np.intp]]:
    """Return the positions of the rows from worst to mildest."""
    rows = exposure.assets
    level = rows["level"].to_numpy("float64")
    worst = level if exposure.footprint.worse == "higher" else -level
    keys = (
        -np.nan_to_num(rows["affected"].to_numpy("float64")),
        -np.nan_to_num(rows["foreign_share"].to_numpy("float64")),
        -np.where(np.isnan(worst), -np.inf, worst),
        rows["status"].map(_STATUS).fillna(len(_STATUS)).to_numpy("float64"),
    )
    return np.lexsort(keys)


def _columns(exposures: Sequence[Exposure]) -> Iterator[Sequence[Any]]:
    """Yield unit and meaning of every column, and the codes that occur."""
    yield ["column", "hazard", "unit", "meaning"]
    for exposure in exposures:
        names = tables.asset_table(exposure, exposure.assets.index[:1]).columns
        for name, (unit, meaning) in explain(names, exposure.footprint.units).items():
            yield [name, exposure.footprint.hazard, unit, meaning]
    yield []
    yield ["scenario", "hazard", "return period (years)", "label"]
    for exposure in exposures:
        for name, row in exposure.footprint.scenarios.iterrows():
            yield [str(name), exposure.footprint.hazard, row["return_period"], row["label"]]
    yield []
    yield ["territory", "country", "", "name"]
    seen: dict[str, tuple[str, str]] = {}
    for exposure in exposures:
        land = exposure.territories
        names = land["name"] if "name" in land.columns else land["id"]
        seen |= {str(i): (str(c), str(n)) for i, c, n in zip(land["id"], land["country"], names, strict=True)}
    yield from ([identity, country, "", name] for identity, (country, name) in seen.items())


def _flows(exposures: Sequence[Exposure]) -> Iterator[Sequence[Any]]:
    """Yield one matrix origin x country for each hazard, scenario, measure and unit."""
    yield ["rows: where the hazard comes from; columns: where it is felt; figures: value times share of the origin"]
    yield [f"count: {COUNTED}"]
    for exposure in exposures:
        flows = tables.flow_table(exposure)
        for (scenario, measure, unit), chosen in flows.groupby(["scenario", "measure", "unit"], sort=False):
            matrix = tables.matrix_of(chosen)
            label = exposure.footprint.scenarios.loc[scenario, "label"]
            yield []
            yield [exposure.footprint.hazard, label, measure, unit, exposure.footprint.meaning]
            yield ["origin", *matrix.columns, "all"]
            for origin, values in matrix.iterrows():
                yield [str(origin), *values, float(values.sum())]


def _notes(exposures: Sequence[Exposure]) -> Iterator[Sequence[Any]]:
    yield ["hazard", "note"]
    for exposure in exposures:
        yield [exposure.footprint.hazard, f"the hazard data are {exposure.footprint.status}"]
        yield from ([exposure.footprint.hazard, note] for note in exposure.notes)


def _sources(exposures: Sequence[Exposure], about: Mapping[str, Any]) -> Iterator[Sequence[Any]]:
    table = tables.source_table(exposures)
    yield list(table.columns)
    yield from table.itertuples(index=False, name=None)
    yield []
    said = (("title", text_in(about["title"])), ("run", about["run"]), ("software", about["software"]))
    yield from ([key, value] for key, value in (*said, ("made", about["made"])) if value)
