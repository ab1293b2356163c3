"""What a total loss of each piece of an asset costs, and which curve it follows."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from hazardmap import checks
from hazardmap.coverage import Curves
from hazardmap.curves import DamageTables
from hazardmap.curves.damage import NO_CURVE, Price
from hazardmap.errors import LayerError, TableError, UnitsError
from hazardmap.exposure.rows import OUTSIDE, only_where

__all__ = ["Losses", "listed_prices", "losses_of", "response_of"]

Floats = npt.NDArray[np.float64]
Texts = npt.NDArray[np.object_]

_DIMENSIONS = {"m2": 2, "m": 1}


class Losses(NamedTuple):
    """Curve and price of n pieces."""

    response: Curves
    price: Floats  # of what is measured: per m2, per m, or of the whole asset
    unit: Texts  # currency; None where there is no price
    whole: npt.NDArray[np.bool_]  # whether the price is that of the whole asset
    end: Floats  # depth from which the curve is only held

    def of_amount(self, amount: Floats, shape: npt.NDArray[np.int64]) -> Floats:
        """Return the price per measured amount; that of a whole asset is spread evenly over its pieces."""
        whole = np.bincount(shape, weights=amount)[shape]
        spread = np.divide(self.price, whole, out=np.full(len(amount), np.nan), where=whole > 0)
        return np.where(self.whole, spread, self.price)


def response_of(names: Texts, tables: DamageTables, *, name: str) -> tuple[Curves, Floats]:
    """Return the curve that each piece follows, and the depth at which that ends.

    Parameters
    ----------
    names : ndarray of str, shape (n,)
        Name of a curve; ``none``, empty or missing is none.
    tables : DamageTables
    name : str
        Name of the layer.

    Raises
    ------
    TableError
        When there is no such curve.
    """
    known = [str(each) for each in pd.unique(names) if not (pd.isna(each) or str(each) in ("", NO_CURVE))]
    curves = [tables.curve(each, what=name) for each in known]
    number = {each: k for k, each in enumerate(known)}
    which = np.array([number.get(str(each), -1) for each in names], dtype=np.int64)
    end = np.array([*(curve.end for curve in curves), np.inf])[which]
    return Curves(tuple((curve.depth, curve.factor) for curve in curves), which), end


def losses_of(
    features: gpd.GeoDataFrame,
    shape: npt.NDArray[np.int64],
    country: Texts,
    tables: DamageTables,
    *,
    name: str,
    dimension: int,
) -> Losses | None:
    """Return curve and price of each piece of a layer that names its curves; None for one that does not.

    Parameters
    ----------
    features : GeoDataFrame
        With the column ``curve``, and ``max_damage`` (unit in ``attrs["units"]["max_damage"]``) unless the tables
        have the price of that curve in the country where a piece lies.
    shape : ndarray of int, shape (n,)
        Row of the features that each piece belongs to.
    country : ndarray of str, shape (n,)
        Where each piece lies.
    tables : DamageTables
    name : str
        Name of the layer.
    dimension : int
        0 points, 1 lines, 2 polygons.

    Raises
    ------
    TableError
        When a curve or a price is not in the tables.
    UnitsError
        When a price is per something that the assets do not have.
    LayerError
        When a greatest damage is no number of 0 or more.
    """
    if "curve" not in features.columns:
        return None
    names = features["curve"].to_numpy(dtype=object)[shape]
    response, end = response_of(names, tables, name=name)
    if "max_damage" in features.columns:
        value, unit = _own_prices(features, name=name)
        price, units = value[shape], np.full(len(shape), unit, dtype=object)
    else:
        price, units = listed_prices(only_where(response.which >= 0, names), country, tables, name=name)
    parts = [_parts(unit, dimension, name=name) for unit in units]
    currency = np.array([each for each, _ in parts], dtype=object)
    whole = np.array([each for _, each in parts], dtype=bool)
    return Losses(response, np.where(response.which >= 0, price, np.nan), currency, whole, end)


def _own_prices(features: gpd.GeoDataFrame, *, name: str) -> tuple[Floats, str]:
    """Return the greatest damage of each asset that says it, and its unit."""
    units = features.attrs.get("units")
    unit = units.get("max_damage") if isinstance(units, Mapping) else None
    if not unit:
        raise UnitsError(
            f"{name} has a column max_damage without units; expected such as EUR/m2; "
            f"set {name}.attrs['units'] = {{'max_damage': 'EUR/m2'}}, or 'units: {{max_damage: EUR/m2}}' on its card"
        )
    checks.require_numbers(features, "max_damage", name=name)
    value = features["max_damage"].to_numpy(dtype=float, na_value=np.nan)
    if (value < 0).any():
        raise LayerError(f"{name} has a max_damage of {np.nanmin(value):g}; expected 0 or more; correct it")
    return value, str(unit)


def listed_prices(names: Texts, country: Texts, tables: DamageTables, *, name: str) -> tuple[Floats, Texts]:
    """Return price and unit of each piece from the tables, by its curve and the country where it lies.

    What lies outside every territory has none.
    """
    found: dict[tuple[Any, Any], Price | None] = {}
    for curve, where in dict.fromkeys(zip(names, country, strict=True)):
        price = None if curve is None or where == OUTSIDE else tables.price(str(curve), str(where))
        if price is None and curve is not None and where != OUTSIDE:
            raise TableError(
                f"{name} has no price for {curve!r} in {where}; expected one in the table of prices; "
                "add a row, or give the assets a column max_damage"
            )
        found[curve, where] = price
    prices = [found[key] for key in zip(names, country, strict=True)]
    value = np.array([np.nan if price is None else price.value for price in prices], dtype=np.float64)
    return value, np.array([None if price is None else price.unit for price in prices], dtype=object)


def _parts(unit: str | None, dimension: int, *, name: str) -> tuple[str | None, bool]:
    """Return the currency of a price, and whether it is that of the whole asset."""
    if unit is None:
        return None, False
    currency, _, per = unit.partition("/")
    if per and _DIMENSIONS.get(per) != dimension:
        kind = ("points", "lines", "polygons")[dimension]
        fitting = ("EUR", "EUR/m or EUR", "EUR/m2 or EUR")[dimension]
        raise UnitsError(f"{name} holds {kind} with a price in {unit!r}; expected such as {fitting}; convert it")
    return currency.strip(), not per
