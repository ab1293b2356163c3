"""Two runs compared: what appeared, what vanished, what changed, by country; read from the tables that runs write."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hazardmap.errors import FileError
from hazardmap.files import require_file
from hazardmap.writing import harmless, written

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Difference", "diff"]

_KEYS = ["hazard", "scenario", "layer", "asset", "territory"]
_NUMBERS = ["affected", "maximum", "damage", "foreign_share"]
_COLUMNS = [*_KEYS, "name", "country", "status", "level", "unit", *_NUMBERS]
_FLOW_KEYS = ["hazard", "scenario", "measure", "unit", "origin", "country"]
# Statuses of what is not, or not all, known.
_OPEN = ("partial", "not covered")
# What two machines may make of the same sum.
_CLOSE = 1e-9


@dataclass(frozen=True)
class Difference:
    """What differs between two runs, A and B.

    Parameters
    ----------
    countries : DataFrame
        One row per hazard, scenario, layer and country: ``appeared, vanished, changed, covered_otherwise, same``
        (numbers of rows), ``affected_a, affected_b, unit``.
    rows : DataFrame
        Every row that differs: its key, ``change``, and ``status, level, affected, maximum, damage, foreign_share`` of
        both runs (``status_a, status_b`` ...).
    flows : DataFrame
        One row per hazard, scenario, measure, unit, origin and country of which the attributed amounts differ:
        ``attributed_a, attributed_b, difference``.
    inputs : DataFrame
        Inputs that are not the same: ``name, change, sha256_a, sha256_b``.
    """

    countries: pd.DataFrame
    rows: pd.DataFrame
    flows: pd.DataFrame
    inputs: pd.DataFrame

    @property
    def empty(self) -> bool:
        """Whether the results are the same."""
        return bool(self.rows.empty and self.flows.empty)

    def to_json(self) -> str:
        """Return all tables as JSON; what is missing is null."""
        return json.dumps({name: _records(table) for name, table in self._tables()}, indent=1, ensure_ascii=False)

    def to_csv(self, folder: Path) -> list[Path]:
        """Write ``countries.csv, rows.csv, flows.csv, inputs.csv`` into a folder; return their paths.

        Raises
        ------
        OutputError
            When the folder cannot be written to.
        """
        paths = []
        for name, table in self._tables():
            plain = table.map(lambda value: harmless(value) if isinstance(value, str) else value)
            with written(folder / f"{name}.csv") as beside:
                plain.to_csv(beside, index=False, lineterminator="\n")
            paths.append(folder / f"{name}.csv")
        return paths

    def _tables(self) -> list[tuple[str, pd.DataFrame]]:
        return [(name, getattr(self, name)) for name in ("countries", "rows", "flows", "inputs")]


def diff(a: str | Path, b: str | Path) -> Difference:
    """Compare two runs by the tables of their output ``csv``.

    A row *appeared* when it is reached in B and was dry, or was not there, in A; it *vanished* the other way round; it
    *changed* when it is reached in both, but its class, amount, unit, intensity, damage or foreign share is another; it
    is *covered otherwise* when what is known of it is not the same: a row that was reached and of which not all is
    known now did not vanish.

    Parameters
    ----------
    a, b : str or Path
        The folder of a run, of its tables, or of a portal: anywhere below it lies one ``assets.csv``.

    Returns
    -------
    Difference
        Tables by country, of the rows and flows that differ, and of the inputs that are not the same.

    Raises
    ------
    FileError
        When there is no such table, or more than one, it lacks a column, or it holds a row twice.

    Examples
    --------
    Half of a cloud of 1 km (pi / 2 km2) lies in Germany; of a site 10 km further east, all of it:

    >>> import tempfile, geopandas as gpd, shapely, hazardmap as hm
    >>> land = gpd.GeoDataFrame({"id": ["A"], "country": ["DE"]}, geometry=[shapely.box(4e6, 2e6, 5e6, 4e6)], crs=3035)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for run, x in {"a": 4.00e6, "b": 4.01e6}.items():
    ...         works = gpd.GeoDataFrame({"country": ["NL"]}, geometry=[shapely.Point(x, 3e6)], crs=3035)
    ...         hm.write(hm.overlay(hm.chemical(works, radius_m=1000), land), f"{folder}/{run}/tables.csv")
    ...     found = diff(f"{folder}/a", f"{folder}/b")
    >>> found.rows[["change", "affected_a", "affected_b"]].round(2).values.tolist()
    [['changed', 1.57, 3.14]]
    """
    one, other = _folder(Path(a)), _folder(Path(b))
    rows = _compared(_read(one / "assets.csv", _COLUMNS), _read(other / "assets.csv", _COLUMNS))
    return Difference(
        countries=_by_country(rows),
        rows=rows[rows["change"] != "same"].reset_index(drop=True),
        flows=_flows(one / "flows.csv", other / "flows.csv"),
        inputs=_inputs(one / "sources.csv", other / "sources.csv"),
    )


def _folder(path: Path) -> Path:
    """Return the folder that holds the tables of a run."""
    if (path / "assets.csv").is_file():
        return path
    found = sorted(each.parent for each in path.rglob("assets.csv") if each.is_file()) if path.is_dir() else []
    if len(found) != 1:
        raise FileError(
            f"{path} holds {len(found)} tables 'assets.csv'; expected one; add 'csv: tables' to the outputs of the "
            "study, or name the folder of the tables"
        )
    return found[0]


def _read(path: Path, columns: list[str]) -> pd.DataFrame:
    import pandas as pd

    require_file(path)
    kinds = {name: float if name in (*_NUMBERS, "level", "attributed") else str for name in columns}
    try:
        return pd.read_csv(path, usecols=columns, dtype=kinds, keep_default_na=False, na_values=[""], encoding="utf-8")
    except ValueError as error:
        raise FileError(
            f"{path} cannot be compared ({str(error).splitlines()[0]}); expected the columns {', '.join(columns)}; "
            "run the study again"
        ) from None


def _compared(a: pd.DataFrame, b: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of both, side by side, and what became of each."""
    import numpy as np

    for table in (a, b):
        if table.duplicated(_KEYS).any():
            raise FileError("a table 'assets.csv' holds a row twice; expected each once; run the study again")
    both = a.merge(b, on=_KEYS, how="outer", suffixes=("_a", "_b"), sort=True)
    hit_a, hit_b = both["status_a"] == "hit", both["status_b"] == "hit"
    open_a, open_b = both["status_a"].isin(_OPEN), both["status_b"].isin(_OPEN)
    other = _differs(both, "level") | (both["unit_a"].fillna("") != both["unit_b"].fillna(""))
    for name in _NUMBERS:
        other |= _differs(both, name)
    status = both["status_a"].fillna("") != both["status_b"].fillna("")
    both["change"] = np.select(
        [status & (open_a | open_b), ~hit_a & hit_b, hit_a & ~hit_b, hit_a & hit_b & other, status],
        ["covered otherwise", "appeared", "vanished", "changed", "covered otherwise"],
        "same",
    )
    for name in ("name", "country", "unit"):
        both[name] = both[f"{name}_b"].where(both[f"{name}_b"].notna(), both[f"{name}_a"])
    pairs = [f"{name}_{run}" for name in ("status", "level", *_NUMBERS) for run in "ab"]
    return both[[*_KEYS, "name", "country", "change", "unit", *pairs]]


def _differs(both: pd.DataFrame, name: str) -> pd.Series[bool]:
    import numpy as np

    one, other = both[f"{name}_a"].astype(float), both[f"{name}_b"].astype(float)
    return ~np.isclose(one, other, rtol=_CLOSE, atol=1e-12, equal_nan=True)


def _by_country(rows: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    keys = ["hazard", "scenario", "layer", "country"]
    kinds = ["appeared", "vanished", "changed", "covered otherwise", "same"]
    known = rows.assign(country=rows["country"].fillna("outside"))
    counts = pd.crosstab([known[key] for key in keys], known["change"]).reindex(columns=kinds, fill_value=0)
    sums = known.groupby(keys).agg(
        affected_a=("affected_a", "sum"), affected_b=("affected_b", "sum"), unit=("unit", "first")
    )
    return counts.join(sums).rename(columns={"covered otherwise": "covered_otherwise"}).reset_index()


def _flows(a: Path, b: Path) -> pd.DataFrame:
    columns = [*_FLOW_KEYS, "attributed"]
    one, other = (_read(path, columns).groupby(_FLOW_KEYS, dropna=False)["attributed"].sum() for path in (a, b))
    both = one.to_frame("attributed_a").join(other.to_frame("attributed_b"), how="outer").fillna(0.0)
    both["difference"] = both["attributed_b"] - both["attributed_a"]
    least = _CLOSE * both[["attributed_a", "attributed_b"]].abs().max(axis=1)
    return both[both["difference"].abs() > least].reset_index()


def _inputs(a: Path, b: Path) -> pd.DataFrame:
    import numpy as np

    one, other = (_sums(_read(path, ["name", "sha256"])) for path in (a, b))
    both = one.merge(other, left_index=True, right_index=True, how="outer", suffixes=("_a", "_b"))
    absent_a, absent_b = ~both.index.isin(one.index), ~both.index.isin(other.index)
    same = both["sha256_a"] == both["sha256_b"]
    both.insert(0, "change", np.select([absent_a, absent_b, ~same], ["appeared", "vanished", "changed"], "same"))
    return both[both["change"] != "same"].rename_axis("name").reset_index()


def _sums(table: pd.DataFrame) -> pd.DataFrame:
    """Return the sums of each name: two layers may have the same one."""
    known = table.fillna("").groupby("name")["sha256"]
    return known.agg(lambda sums: " ".join(sorted(set(sums)))).to_frame()


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        {str(key): None if isinstance(value, float) and math.isnan(value) else value for key, value in row.items()}
        for row in table.astype(object).to_dict("records")
    ]
