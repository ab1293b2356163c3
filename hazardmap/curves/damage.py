"""Depth-damage curves, what a total loss costs, and which curve a class of land use takes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from hazardmap.errors import TableError

__all__ = ["ANYWHERE", "Curve", "DamageTables", "LandUse", "Price", "damage_tables"]

ANYWHERE = "*"
"""Country of a price that holds in every country without one of its own."""

NO_CURVE = "none"
"""Curve of land use that water does not damage."""


@dataclass(frozen=True)
class Curve:
    """Share of the greatest damage by depth of water: linear between the points, constant beyond the last.

    Parameters
    ----------
    name : str
    depth : tuple of float
        Metres, ascending, from 0.
    factor : tuple of float
        From 0 (undamaged) to 1, never falling; 0 at depth 0, where it is dry.

    Raises
    ------
    TableError
        When one of these does not hold.

    Examples
    --------
    >>> Curve("homes", (0, 1, 3), (0, 0.4, 1)).at([0.5, 9.0]).tolist()
    [0.2, 1.0]
    """

    name: str
    depth: tuple[float, ...]
    factor: tuple[float, ...]

    def __post_init__(self) -> None:
        """Check the law of a curve."""
        depth, factor = np.asarray(self.depth), np.asarray(self.factor)
        if len(depth) < 2 or len(depth) != len(factor):
            raise TableError(f"curve {self.name!r} has {len(depth)} points; expected two or more; add rows")
        k = int(np.argmax(np.diff(depth) <= 0))
        if depth[k + 1] <= depth[k]:
            raise TableError(
                f"curve {self.name!r} goes from a depth of {depth[k]:g} to {depth[k + 1]:g} m; "
                "expected ascending depths, each once; sort its rows"
            )
        wrong = (factor < 0) | (factor > 1)
        if wrong.any():
            raise TableError(
                f"curve {self.name!r} has a factor of {factor[wrong][0]:g}; expected 0 to 1; divide percents by 100"
            )
        k = int(np.argmax(np.diff(factor) < 0))
        if factor[k + 1] < factor[k]:
            raise TableError(
                f"curve {self.name!r} falls from {factor[k]:g} to {factor[k + 1]:g} at {depth[k + 1]:g} m; "
                "expected damage that does not fall with depth; correct it"
            )
        if depth[0] != 0 or factor[0] != 0:
            raise TableError(
                f"curve {self.name!r} begins with {factor[0]:g} at {depth[0]:g} m; expected 0 at 0 m, where it is dry; "
                "add that row (a step at the ground is a second row at 0.001 m)"
            )

    @property
    def end(self) -> float:
        """Depth beyond which the curve is only held: its last one, or infinity where all is lost already."""
        return self.depth[-1] if self.factor[-1] < 1 else float("inf")

    def at(self, depth: Any) -> np.ndarray[Any, np.dtype[np.float64]]:
        """Return the factor at some depths in metres."""
        return np.asarray(np.interp(depth, self.depth, self.factor))


@dataclass(frozen=True)
class Price:
    """What a total loss costs.

    Parameters
    ----------
    value : float
    unit : str
        Currency per square metre (``EUR2010/m2``), per metre (``EUR/m``), or for the whole asset (``EUR``).
    """

    value: float
    unit: str


@dataclass(frozen=True)
class LandUse:
    """A class of a land-use raster.

    Parameters
    ----------
    name : str
    curve : str
        Name of a curve, or ``none`` for land that water does not damage.
    built_share : float
        Which part of the land the price is meant for: a price per m2 of building holds for the built part only.
    """

    name: str
    curve: str
    built_share: float


@dataclass(frozen=True, kw_only=True)
class DamageTables:
    """What turns depth into damage.

    Parameters
    ----------
    curves : mapping of str to Curve
    prices : mapping of (curve, country) to Price
        Country is ISO 3166-1 alpha-2, or ``*``. Assets that say what they are worth need none.
    landuse : mapping of int to LandUse
        By the code in the raster.
    hazard : str
        Which hazard they are for.
    inputs : mapping of str to dict
        Provenance of each table: ``curves``, ``prices``, ``landuse``.
    """

    curves: Mapping[str, Curve]
    prices: Mapping[tuple[str, str], Price] = field(default_factory=dict)
    landuse: Mapping[int, LandUse] = field(default_factory=dict)
    hazard: str = "flood"
    inputs: Mapping[str, dict[str, Any]] = field(default_factory=dict)

    def curve(self, name: str, *, what: str) -> Curve:
        """Return a curve by its name.

        Raises
        ------
        TableError
            When there is none; ``what`` says who asks.
        """
        if name not in self.curves:
            raise TableError(
                f"{what} has the curve {name!r}; expected one of {', '.join(sorted(self.curves))[:300]}; add it"
            )
        return self.curves[name]

    def price(self, curve: str, country: str) -> Price | None:
        """Return what a total loss costs in a country; None where no table says it."""
        return self.prices.get((curve, country)) or self.prices.get((curve, ANYWHERE))


def damage_tables(
    curves: pd.DataFrame, prices: pd.DataFrame | None = None, landuse: pd.DataFrame | None = None
) -> DamageTables:
    """Make damage tables from tables of parameters.

    Parameters
    ----------
    curves : DataFrame
        Columns ``curve, depth_m, value``; in the order of depth.
    prices : DataFrame, optional
        Columns ``curve, country, value, unit``.
    landuse : DataFrame, optional
        Columns ``code, name, curve, value``: the built share.

    Raises
    ------
    TableError
        When a curve breaks its law, a price is negative or stands there twice, a land-use class has no curve, or a
        built share is not from 0 to 1.

    Examples
    --------
    >>> points = pd.DataFrame({"curve": "homes", "depth_m": [0.0, 2.0], "value": [0.0, 1.0], "unit": "1"})
    >>> damage_tables(points).curves["homes"].factor
    (0.0, 1.0)
    """
    _require_pure(curves)
    found = {
        str(name): Curve(str(name), tuple(points["depth_m"].astype(float)), tuple(points["value"].astype(float)))
        for name, points in curves.groupby("curve", sort=False)
    }
    made = DamageTables(
        curves=found,
        prices={} if prices is None else _prices(prices),
        landuse={} if landuse is None else _landuse(landuse),
        inputs=_inputs(curves=curves, prices=prices, landuse=landuse),
    )
    for code, use in made.landuse.items():
        if use.curve != NO_CURVE:
            made.curve(use.curve, what=f"land use {code} ({use.name})")
    return made


def _require_pure(table: pd.DataFrame) -> None:
    odd = table.loc[table["unit"] != "1", "unit"]
    if len(odd):
        raise TableError(
            f"a factor has the unit {odd.iloc[0]!r}; expected 1, a share from 0 to 1; divide percents by 100"
        )


def _prices(table: pd.DataFrame) -> dict[tuple[str, str], Price]:
    repeated = table.duplicated(["curve", "country"])
    if repeated.any():
        row = table[repeated].iloc[0]
        raise TableError(f"{row['curve']!r} has two prices in {row['country']!r}; expected one; drop a row")
    if (table["value"] < 0).any():
        raise TableError(f"a price is {table['value'].min():g}; expected 0 or more; correct it")
    return {
        (str(row["curve"]), str(row["country"])): Price(float(row["value"]), str(row["unit"]))
        for row in table.to_dict("records")
    }


def _landuse(table: pd.DataFrame) -> dict[int, LandUse]:
    _require_pure(table)
    for row in table.to_dict("records"):
        if not float(row["code"]).is_integer():
            raise TableError(
                f"land use {row['name']} has the code {row['code']:g}; expected a whole number; correct it"
            )
        if not str(row["curve"]).strip():
            raise TableError(
                f"land use {row['code']:g} ({row['name']}) has no curve; expected one; name one, or 'none' if water "
                "does not damage it"
            )
        if not 0 <= row["value"] <= 1:
            raise TableError(
                f"land use {row['code']:g} has a built share of {row['value']:g}; expected 0 to 1; correct it"
            )
    if table["code"].duplicated().any():
        raise TableError(
            f"land use {table['code'][table['code'].duplicated()].iloc[0]:g} stands there twice; drop a row"
        )
    return {
        int(row["code"]): LandUse(str(row["name"]), str(row["curve"]), float(row["value"]))
        for row in table.to_dict("records")
    }


def _inputs(**tables: pd.DataFrame | None) -> dict[str, dict[str, Any]]:
    known = {name: table.attrs.get("layer") for name, table in tables.items() if table is not None}
    return {name: item for name, item in known.items() if item}
