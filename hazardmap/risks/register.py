"""The register of an inventory: one row for each risk, with its ranges, their sources and its classes."""

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from hazardmap.errors import MissingExtraError, OutputError
from hazardmap.provenance import text_in
from hazardmap.risks.inventory import Inventory
from hazardmap.risks.matrix import WORDS, matrix_png, matrix_svg
from hazardmap.risks.schemes import Axis, place, schemes
from hazardmap.writing import file_name, harmless, written

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["classes_in_words", "register", "write_all", "write_register"]

_LANGUAGES = tuple(WORDS)


def register(found: Inventory) -> "pd.DataFrame":
    """Return the register.

    Returns
    -------
    DataFrame
        Columns ``id, name_nl, name_fr, name_de, name_en, category, frequency_min_per_year, frequency_max_per_year,
        frequency_source, frequency_status``; five for each criterion, such as ``deaths_min, deaths_max, deaths_unit,
        deaths_source, deaths_status``; for each scheme ``nl-nrb likelihood, nl-nrb impact`` and its criteria: a class,
        or the first and the last of several (``B-D``); and ``note``.
    """
    import pandas as pd

    used = schemes(found)
    criteria = list(dict.fromkeys(name for risk in found.risks for name in risk.impacts))
    rows = []
    for risk in found.risks:
        low, high = risk.frequency.ends
        row: dict[str, object] = {
            "id": risk.id,
            **{f"name_{language}": text_in(risk.name, language) for language in _LANGUAGES},
            "category": risk.category,
            "frequency_min_per_year": low,
            "frequency_max_per_year": high,
            "frequency_source": risk.frequency.source,
            "frequency_status": risk.frequency.status,
        }
        for name in criteria:
            known = risk.impacts.get(name)
            row[f"{name}_min"], row[f"{name}_max"] = known.ends if known else (None, None)
            for part in ("unit", "source", "status"):
                row[f"{name}_{part}"] = getattr(known, part, None)
        for scheme in used:
            placed = place(risk, scheme)
            axis = next(iter(scheme.impacts.values()), scheme.likelihood)
            row[f"{scheme.name} likelihood"] = classes_in_words(scheme.likelihood, placed.likelihood)
            row[f"{scheme.name} impact"] = classes_in_words(axis, placed.impact)
            for name, own in scheme.impacts.items():
                row[f"{scheme.name} {name}"] = classes_in_words(own, placed.criteria.get(name))
        row["note"] = text_in(risk.note)
        rows.append(row)
    return pd.DataFrame(rows)


def classes_in_words(axis: Axis, span: tuple[int, int] | None) -> str:
    """Return a class, or the first and the last of several.

    Examples
    --------
    >>> axis = Axis(("A", "B", "C"), (0, 1, 2), "people", "lower")
    >>> classes_in_words(axis, (0, 2)), classes_in_words(axis, (1, 1)), classes_in_words(axis, None)
    ('A-C', 'B', '')
    """
    if span is None:
        return ""
    first, last = axis.names[span[0]], axis.names[span[1]]
    return first if first == last else f"{first}-{last}"


def write_all(
    found: Inventory, folder: Path, *, language: str = "en", workbook: bool = False, pictures: bool = False
) -> list[Path]:
    """Write the register as CSV and a matrix for each scheme as SVG into a folder; return their paths.

    Parameters
    ----------
    found : Inventory
    folder : Path
    language : {"nl", "fr", "de", "en"}
        Of the matrices.
    workbook : bool
        The register as XLSX too (extra ``xlsx``).
    pictures : bool
        The matrices as PNG too (extra ``plot``).

    Raises
    ------
    OutputError
        When the language is unknown, or the folder cannot be written to.
    MissingExtraError
        Without the extra.
    """
    if language not in WORDS:
        raise OutputError(f"the language is {language!r}; expected one of {', '.join(WORDS)}; correct it")
    for package, extra, wanted in (("xlsxwriter", "xlsx", workbook), ("matplotlib", "plot", pictures)):
        if wanted and find_spec(package) is None:
            raise MissingExtraError(f"the register needs the package {package}; install hazardmap[{extra}]")
    paths = [folder / "register.csv", *([folder / "register.xlsx"] if workbook else [])]
    used = schemes(found)
    for path in paths:
        write_register(found, path)
    for scheme in used:
        path = folder / f"matrix-{file_name(scheme.name)}.svg"
        with written(path) as beside:
            beside.write_text(matrix_svg(found.risks, scheme, language), encoding="utf-8", newline="\n")
        paths.append(path)
        if pictures:
            matrix_png(found.risks, scheme, path.with_suffix(".png"), language)
            paths.append(path.with_suffix(".png"))
    return paths


def write_register(found: Inventory, path: Path) -> None:
    """Write the register as ``.csv`` or ``.xlsx``; text that a spreadsheet takes for a formula gets a leading quote.

    Raises
    ------
    MissingExtraError
        When XLSX is asked for without the extra ``xlsx``.
    OutputError
        When the file cannot be written.
    """
    table = register(found).map(lambda value: harmless(value) if isinstance(value, str) else value)
    table = table.rename(columns=harmless)
    if path.suffix.lower() != ".xlsx":
        with written(path) as beside:
            table.to_csv(beside, index=False, lineterminator="\n")
        return
    try:
        from xlsxwriter import Workbook
    except ModuleNotFoundError:
        raise MissingExtraError("writing XLSX needs the package xlsxwriter; install hazardmap[xlsx]") from None
    from datetime import UTC, datetime

    with written(path) as beside:
        book = Workbook(str(beside), {"strings_to_formulas": False, "strings_to_urls": False})
        # a workbook has to say when it was made; the same inventory gives the same bytes
        book.set_properties({"created": datetime(2000, 1, 1, tzinfo=UTC).replace(tzinfo=None)})
        sheet = book.add_worksheet("Register")
        sheet.write_row(0, 0, list(table.columns), book.add_format({"bold": True}))
        for number, row in enumerate(table.astype(object).where(table.notna(), None).to_numpy().tolist(), start=1):
            sheet.write_row(number, 0, row)
        sheet.freeze_panes(1, 1)
        book.close()
