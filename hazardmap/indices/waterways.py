"""Low water on waterways: from the reading of a gauge to the depth of the fairway and what it means for ships."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from hazardmap.errors import LayerError, TableError

__all__ = ["WaterwayRule", "monthly_thresholds", "waterway", "waterway_rules"]


@dataclass(frozen=True, kw_only=True)
class WaterwayRule:
    """What a gauge says about the fairway that it stands for.

    Parameters
    ----------
    gauge : str
    unit : str
        Of its readings: "cm" above the zero of the gauge, or "m3/s".
    low_water : float
        Reading at the agreed low water (GlW on the German Rhine, OLR on the Dutch one).
    low_water_depth_m : float
        Depth of the fairway at that reading.
    classes : tuple of (str, float)
        Names of classes and the readings below which they hold, the mildest first.
    indicative : bool
        Whether a number was not read in its source.
    """

    gauge: str
    unit: str
    low_water: float
    low_water_depth_m: float
    classes: tuple[tuple[str, float], ...] = ()
    indicative: bool = False

    def __post_init__(self) -> None:
        """Check the order of the classes."""
        edges = [edge for _, edge in self.classes]
        if edges != sorted(edges, reverse=True):
            raise TableError(f"the classes of {self.gauge} begin at {edges}; expected ever lower readings; sort them")


def waterway_rules(table: pd.DataFrame) -> dict[str, WaterwayRule]:
    """Make rules from a table of parameters, such as ``hm.parameters("waterway-gauges")``.

    Parameters
    ----------
    table : DataFrame
        Columns ``gauge, quantity, value, unit, status``; the quantities of a gauge are ``low water``, ``depth at
        low water`` (m) and any other, which names a class below that reading.

    Returns
    -------
    dict of str to WaterwayRule
        By gauge.

    Raises
    ------
    TableError
        When a gauge has no low water or no depth, or its units are mixed.

    Examples
    --------
    At 130 cm the fairway is 130 - 78 = 52 cm deeper than at low water:

    >>> import hazardmap as hm
    >>> kaub = waterway_rules(hm.parameters("waterway-gauges"))["Kaub"]
    >>> kaub.low_water, kaub.low_water_depth_m, waterway([130], kaub, unit="cm")["depth_m"].tolist()
    (78.0, 1.9, [2.42])
    """
    return {str(gauge): _rule(str(gauge), rows) for gauge, rows in table.groupby("gauge", sort=False)}


def waterway(
    reading: npt.ArrayLike,
    rule: WaterwayRule,
    *,
    unit: str,
    keel_clearance_m: float = 0.3,
    missing: tuple[float, ...] = (),
) -> pd.DataFrame:
    """Depth of a fairway, draught of a ship and class, by the reading of the gauge.

    ``depth = reading - low water + depth at low water``, and ``draught = depth - clearance``. A gauge that reads
    m3/s has classes but, without its rating curve, no depth.

    Parameters
    ----------
    reading : array_like (n,), or Series
        Readings of the gauge.
    rule : WaterwayRule
    unit : str
        Of the readings; must be that of the rule, so that metres are not taken for centimetres.
    keel_clearance_m : float
        Water to be left under a ship, usually 0.2 to 0.3 m.
    missing : tuple of float
        Codes for missing readings. By default none, since gauges do read 0 and less (Emmerich in 2022).

    Returns
    -------
    DataFrame
        Indexed as the readings: ``reading, depth_m, draught_m, class``. The class is "" above the first one, and
        missing where the reading is. ``attrs["indicative"]`` as of the rule.

    Raises
    ------
    LayerError
        When the units differ.

    Examples
    --------
    >>> rule = WaterwayRule(
    ...     gauge="Kaub", unit="cm", low_water=78, low_water_depth_m=1.9, classes=(("below low water", 78),)
    ... )
    >>> waterway([178, 48], rule, unit="cm")[["depth_m", "class"]].to_numpy().tolist()
    [[2.9, ''], [1.6, 'below low water']]
    """
    if unit != rule.unit:
        raise LayerError(
            f"the readings of {rule.gauge} are in {unit!r} but its rule in {rule.unit!r}; convert the readings"
        )
    series = pd.Series(reading, dtype=float)
    series = series.where(~series.isin(missing))
    depth = (series - rule.low_water) / 100 + rule.low_water_depth_m if rule.unit == "cm" else series * np.nan
    names = np.array(["", *(name for name, _ in rule.classes)], dtype=object)
    below = sum(((series < edge).to_numpy().astype(int) for _, edge in rule.classes), np.zeros(len(series), dtype=int))
    table = pd.DataFrame(
        {
            "reading": series,
            "depth_m": depth.round(6),
            "draught_m": (depth - keel_clearance_m).clip(lower=0).round(6),
            "class": pd.Series(names[below], index=series.index).where(series.notna(), None),
        }
    )
    table.attrs["indicative"] = rule.indicative
    return table


def monthly_thresholds(table: pd.DataFrame, gauge: str) -> dict[int, float]:
    """Thresholds of a gauge by calendar month, such as from ``hm.parameters("low-flow-thresholds")``.

    Parameters
    ----------
    table : DataFrame
        Columns ``gauge, month, value``; month 0 is every one.
    gauge : str

    Returns
    -------
    dict of int to float
        For :func:`~hazardmap.indices.deficits`; months that the table does not name are left out.

    Raises
    ------
    TableError
        When the gauge is not in the table, or a month stands there twice.

    Examples
    --------
    >>> table = pd.DataFrame({"gauge": ["Lobith"] * 2, "month": [5, 7], "value": [1400, 1200]})
    >>> monthly_thresholds(table, "Lobith")
    {5: 1400.0, 7: 1200.0}
    """
    rows = table[table["gauge"] == gauge]
    if rows.empty:
        known = ", ".join(sorted(set(table["gauge"].astype(str))))
        raise TableError(f"no threshold for {gauge!r}; expected one of {known}; add rows for it")
    if rows["month"].duplicated().any():
        raise TableError(f"{gauge} has two thresholds in a month; expected one; drop a row")
    found = {int(month): float(value) for month, value in zip(rows["month"], rows["value"], strict=True)}
    return dict.fromkeys(range(1, 13), found[0]) if 0 in found else found


def _rule(gauge: str, rows: pd.DataFrame) -> WaterwayRule:
    depth, readings = rows[rows["quantity"] == "depth at low water"], rows[rows["quantity"] != "depth at low water"]
    low = readings[readings["quantity"] == "low water"]
    if len(low) != 1 or len(depth) != 1 or depth["unit"].iloc[0] != "m":
        raise TableError(
            f"the rule of {gauge} has {len(low)} low waters and {len(depth)} depths at low water; expected one each, "
            "the depth in m; correct its rows"
        )
    if len(set(readings["unit"])) != 1:
        raise TableError(f"the rule of {gauge} mixes units; expected one for all readings; convert them")
    classes = readings[readings["quantity"] != "low water"].sort_values("value", ascending=False)
    return WaterwayRule(
        gauge=gauge,
        unit=str(low["unit"].iloc[0]),
        low_water=_number(low["value"].iloc[0]),
        low_water_depth_m=_number(depth["value"].iloc[0]),
        classes=tuple((str(row["quantity"]), _number(row["value"])) for row in classes.to_dict("records")),
        indicative=bool(rows["status"].isin(["K", "own"]).any()),
    )


def _number(value: Any) -> float:
    return float(value)
