"""How much of each shape a footprint reaches, by class and by source: one question for cells and for features."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from hazardmap.borders import Shapes, amounts, keep_dimension
from hazardmap.coverage import zonal
from hazardmap.footprint import Footprint

__all__ = ["KEYS", "Measured", "class_of", "measure", "nothing", "regions"]

Floats = npt.NDArray[np.float64]

KEYS = ["shape", "scenario", "level"]


class Measured(NamedTuple):
    """What a footprint does to n shapes in S scenarios.

    Amounts are m2 for polygons, m for lines and 1 for points. ``parts`` holds what each source reaches and adds up
    to the affected amount; ``reached`` holds what each origin reaches, and may add up to more where hazards overlap.
    """

    amount: Floats  # (n,)
    covered: Floats  # (n, S)
    total: Floats  # (n, S): integral of the intensity over the covered amount; NaN for features
    minimum: Floats  # (n, S)
    maximum: Floats  # (n, S)
    parts: pd.DataFrame  # shape, scenario, level (class number), source, amount
    reached: pd.DataFrame  # shape, scenario, level, origin, amount


def measure(geometry: Shapes, footprint: Footprint) -> Measured:
    """Measure how much of each shape a footprint reaches.

    Parameters
    ----------
    geometry : ndarray of shapely geometries, shape (n,)
        In the CRS of the footprint; all points, all lines or all polygons.
    footprint : Footprint

    Returns
    -------
    Measured
    """
    if not len(geometry):
        return nothing(len(footprint.scenarios))
    return _by_cells(geometry, footprint) if footprint.is_raster else _by_features(geometry, footprint)


def _by_cells(geometry: Shapes, footprint: Footprint) -> Measured:
    found = zonal(geometry, footprint, levels=footprint.levels, worse=footprint.worse)
    parts = found.by_source
    origins = footprint.shares.loc[footprint.shares["share"] > 0, ["source", "origin"]]
    reached = parts.merge(origins, on="source").groupby([*KEYS, "origin"], as_index=False)["amount"].sum()
    return Measured(found.amount, found.covered, found.total, found.minimum, found.maximum, parts, reached)


def _by_features(geometry: Shapes, footprint: Footprint) -> Measured:
    features = footprint.intensity
    count, scenarios = len(geometry), len(footprint.scenarios)
    amount = amounts(geometry, footprint.crs)
    inside = amount
    if footprint.modelled is not None:
        inside = amounts(shapely.intersection(geometry, footprint.modelled), footprint.crs)
    extremes = np.full((2, count, scenarios), np.nan)
    tables: list[tuple[pd.DataFrame, pd.DataFrame]] = []
    for number, scenario in enumerate(footprint.scenarios.index):
        chosen = features[features["scenario"] == scenario]
        tables.append(_overlap(geometry, chosen, footprint, number))
        _extremes(geometry, chosen, extremes[:, :, number])
    parts = pd.concat([part for part, _ in tables], ignore_index=True)
    reached = pd.concat([reach for _, reach in tables], ignore_index=True)
    covered = np.repeat(inside[:, None], scenarios, axis=1)
    return Measured(amount, covered, np.full((count, scenarios), np.nan), extremes[0], extremes[1], parts, reached)


def _extremes(geometry: Shapes, features: gpd.GeoDataFrame, out: npt.NDArray[np.float64]) -> None:
    """Write the least and the greatest intensity that touches each shape."""
    shape, feature = shapely.STRtree(features.geometry.to_numpy()).query(geometry, predicate="intersects")
    values = features["intensity"].to_numpy(dtype=float)[feature]
    for k, reduce in enumerate((np.fmin, np.fmax)):
        row = np.full(out.shape[1], np.nan)
        reduce.at(row, shape, values)
        out[k] = row


def _overlap(
    geometry: Shapes, features: gpd.GeoDataFrame, footprint: Footprint, scenario: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the parts by source and the reach by origin in one scenario."""
    intensity = features["intensity"].to_numpy(dtype=float)
    level = class_of(intensity, footprint)
    shapes = features.geometry.to_numpy()
    by_source = {int(s): features["source"].to_numpy() == s for s in sorted(features["source"].unique())}
    origins = footprint.shares[footprint.shares["share"] > 0].groupby("origin")["source"].agg(set)
    everything = regions(shapes, level, len(footprint.levels))
    parts, reached = [], []
    for k, worst in enumerate(everything):
        total = _amounts_within(geometry, worst, footprint)
        if not (total > 0).any():
            continue
        weights = {
            source: _amounts_within(
                geometry, shapely.intersection(worst, _union(shapes[own & (level >= k)])), footprint
            )
            for source, own in by_source.items()
        }
        parts += _rows(weights, "source", scenario, k, total / np.maximum(sum(weights.values()), 1e-300))
    for origin, sources in origins.items():
        own = features["source"].isin(sources).to_numpy()
        for k, region in enumerate(regions(shapes[own], level[own], len(footprint.levels))):
            reached += _rows({origin: _amounts_within(geometry, region, footprint)}, "origin", scenario, k, 1.0)
    return _table(parts, "source"), _table(reached, "origin")


def class_of(intensity: Floats, footprint: Footprint) -> npt.NDArray[np.int64]:
    """Return the class number of each intensity; -1 is milder than the first class. Half-open towards worse."""
    sign = 1.0 if footprint.worse == "higher" else -1.0
    return np.searchsorted(sign * np.asarray(footprint.levels), sign * intensity, side="right") - 1


def regions(shapes: Shapes, level: npt.NDArray[np.int64], count: int) -> list[shapely.Geometry]:
    """Return the region of each class: where the worst of overlapping shapes has that class."""
    at_least = [_union(shapes[level >= k]) for k in range(count)] + [shapely.Polygon()]
    return [shapely.difference(at_least[k], at_least[k + 1]) for k in range(count)]


def _union(shapes: Shapes) -> shapely.Geometry:
    return shapely.union_all(shapes) if len(shapes) else shapely.Polygon()


def _amounts_within(geometry: Shapes, region: shapely.Geometry, footprint: Footprint) -> Floats:
    """Return the amount of each shape inside a region."""
    found = np.zeros(len(geometry))
    shapely.prepare(region)
    touched = shapely.intersects(geometry, region)
    if touched.any():
        inside = keep_dimension(shapely.intersection(geometry[touched], region), geometry[touched])
        found[touched] = amounts(inside, footprint.crs)
    return found


def _rows(
    values: Mapping[Any, Floats], key: str, scenario: int, level: int, factor: Floats | float
) -> list[pd.DataFrame]:
    rows = []
    for name, amount in values.items():
        scaled = amount * factor
        shape = np.flatnonzero(scaled > 0)
        columns = {"shape": shape, "scenario": scenario, "level": level, key: name, "amount": scaled[shape]}
        rows.append(pd.DataFrame(columns))
    return rows


def _table(rows: list[pd.DataFrame], key: str) -> pd.DataFrame:
    filled = [row for row in rows if len(row)]
    if filled:
        return pd.concat(filled, ignore_index=True)
    kind = "int64" if key == "source" else "object"
    types = {"shape": "int64", "scenario": "int64", "level": "int64", key: kind, "amount": "float64"}
    return pd.DataFrame({name: pd.Series(dtype=dtype) for name, dtype in types.items()})


def nothing(scenarios: int) -> Measured:
    """Return what is measured on no shapes at all."""
    none = np.empty((0, scenarios))
    return Measured(np.empty(0), none, none, none, none, _table([], "source"), _table([], "origin"))
