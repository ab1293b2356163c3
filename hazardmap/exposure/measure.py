"""How much of each shape a footprint reaches, by class and by source: one question for cells and for features."""

from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from hazardmap.borders import Shapes, amounts, keep_dimension
from hazardmap.coverage import Curves, zonal
from hazardmap.footprint import LEAST, Footprint

__all__ = ["KEYS", "Measured", "class_of", "measure", "nothing", "reached_by", "regions"]

Floats = npt.NDArray[np.float64]

KEYS = ["shape", "scenario", "level"]

_SUMS = ["amount", "loss"]


class Measured(NamedTuple):
    """What a footprint does to n shapes in S scenarios.

    Amounts are m2 for polygons, m for lines and 1 for points. ``parts`` holds what each source reaches and adds up
    to the affected amount; ``reached`` holds what each origin reaches, and may add up to more where hazards overlap;
    ``alone`` holds what each source reaches by itself, which counts a place once for every source. Cells have one
    source each, so that ``alone`` is ``parts``.
    Their column ``loss`` splits ``loss`` by the amount that is wet at all: water milder than the first class damages
    too, and counts to the first class with an amount of 0.
    """

    amount: Floats  # (n,)
    covered: Floats  # (n, S)
    total: Floats  # (n, S): integral of the intensity over the covered amount; NaN for features
    minimum: Floats  # (n, S)
    maximum: Floats  # (n, S)
    parts: pd.DataFrame  # shape, scenario, level (class number), source, amount, loss
    reached: pd.DataFrame  # shape, scenario, level, origin, amount, loss
    alone: pd.DataFrame  # as parts
    loss: Floats  # (n, S): integral of the factor over the covered amount; NaN where no curve, or nothing is covered


def measure(
    geometry: Shapes, footprint: Footprint, response: Curves | None = None, *, scheduler: str | None = None
) -> Measured:
    """Measure how much of each shape a footprint reaches.

    Parameters
    ----------
    geometry : ndarray of shapely geometries, shape (n,)
        In the CRS of the footprint; all points, all lines or all polygons.
    footprint : Footprint
    response : Curves, optional
        Curves to integrate over the cells of each shape; features have no cells, and no loss.
    scheduler : str, optional
        Address of a cluster that the blocks of a raster are sent to.

    Returns
    -------
    Measured
    """
    if not len(geometry):
        return nothing(len(footprint.scenarios))
    if footprint.is_raster:
        return _by_cells(geometry, footprint, response, scheduler)
    return _by_features(geometry, footprint)


def _by_cells(geometry: Shapes, footprint: Footprint, response: Curves | None, scheduler: str | None) -> Measured:
    """Measure shapes on cells."""
    follows = np.zeros(len(geometry), dtype=bool) if response is None else response.which >= 0
    curved = bool(follows.any())
    # one class more, so that water milder than the first one has a source too
    mild = (LEAST,) if curved and footprint.edges[0] > LEAST else ()
    found = zonal(
        geometry,
        footprint,
        levels=(*mild, *footprint.edges),
        worse=footprint.worse,
        function=response if curved else None,
        scheduler=scheduler,
    )
    loss = np.full(found.covered.shape, np.nan)
    if found.integral is not None:
        loss = np.where((found.covered > 0) & follows[:, None], found.integral, np.nan)
    parts = _with_loss(found.by_source, found.integral, follows, shift=len(mild))
    reached = reached_by(parts, footprint)
    return Measured(found.amount, found.covered, found.total, found.minimum, found.maximum, parts, reached, parts, loss)


def reached_by(parts: pd.DataFrame, footprint: Footprint) -> pd.DataFrame:
    """Return what each origin reaches where each place has one source."""
    origins = footprint.shares.loc[footprint.shares["share"] > 0, ["source", "origin"]]
    return parts.merge(origins, on="source").groupby([*KEYS, "origin"], as_index=False)[_SUMS].sum()


def _with_loss(
    by_source: pd.DataFrame, integral: Floats | None, follows: npt.NDArray[np.bool_], *, shift: int
) -> pd.DataFrame:
    """Split the loss of each shape over its parts; the first ``shift`` classes are milder than the first level."""
    if integral is None:
        return by_source.assign(loss=0.0)
    by_source = by_source[follows[by_source["shape"].to_numpy()] | (by_source["level"].to_numpy() >= shift)]
    shape, scenario = by_source["shape"].to_numpy(), by_source["scenario"].to_numpy()
    wet = np.zeros(integral.shape)
    np.add.at(wet, (shape, scenario), by_source["amount"].to_numpy())
    level = by_source["level"].to_numpy() - shift
    parts = by_source.assign(
        loss=integral[shape, scenario] * by_source["amount"] / wet[shape, scenario],
        amount=np.where(level >= 0, by_source["amount"], 0.0),
        level=np.maximum(level, 0),
    )
    return parts.groupby([*KEYS, "source"], as_index=False)[_SUMS].sum()


def _by_features(geometry: Shapes, footprint: Footprint) -> Measured:
    features = footprint.intensity
    count, scenarios = len(geometry), len(footprint.scenarios)
    amount = amounts(geometry, footprint.crs)
    inside = amount
    if footprint.modelled is not None:
        inside = amounts(shapely.intersection(geometry, footprint.modelled), footprint.crs)
    extremes = np.full((2, count, scenarios), np.nan)
    tables: list[tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]] = []
    for number, scenario in enumerate(footprint.scenarios.index):
        chosen = features[features["scenario"] == scenario]
        tables.append(_overlap(geometry, chosen, footprint, number))
        _extremes(geometry, chosen, extremes[:, :, number])
    parts, reached, alone = (pd.concat(each, ignore_index=True) for each in zip(*tables, strict=True))
    covered = np.repeat(inside[:, None], scenarios, axis=1)
    unknown = np.full((count, scenarios), np.nan)
    return Measured(amount, covered, unknown, extremes[0], extremes[1], parts, reached, alone, unknown)


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
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return the parts by source, the reach by origin, and the reach of each source by itself, in one scenario."""
    level = class_of(features["intensity"].to_numpy(dtype=float), footprint)
    shapes, number = features.geometry.to_numpy(), features["source"].to_numpy()
    sources = np.unique(number).tolist()
    origins = footprint.shares[footprint.shares["share"] > 0].groupby("origin")["source"].agg(set)
    own = {source: number == source for source in sources}
    of_origin = {origin: features["source"].isin(some).to_numpy() for origin, some in origins.items()}
    within = partial(_amounts_within, crs=footprint.crs, scenario=scenario)

    def each(chosen: Mapping[Any, npt.NDArray[np.bool_]]) -> dict[tuple[int, Any], shapely.Geometry]:
        count = len(footprint.levels)
        return {
            (k, name): region
            for name, some in chosen.items()
            for k, region in enumerate(regions(shapes[some], level[some], count))
        }

    parts = []
    for k, worst in enumerate(regions(shapes, level, len(footprint.levels))):
        shape, _, inside = _pieces(geometry, np.array([worst], dtype=object))
        cells, owners = _cells({source: _union(shapes[some & (level >= k)]) for source, some in own.items()})
        table = within(inside, {(k, cell): area for cell, area in enumerate(cells)}, "cell")
        table = table.merge(owners, on="cell")
        table["amount"] *= table["share"]
        # a point on the edge of two cells lies in both, and counts once all the same
        piece = table["shape"].to_numpy()
        overlapping = np.bincount(piece, weights=table["amount"], minlength=len(inside))
        once = table["amount"] * (amounts(inside, footprint.crs) / np.maximum(overlapping, 1e-300))[piece]
        parts.append(table.assign(shape=shape[piece], amount=once))
    reached, alone = within(geometry, each(of_origin), "origin"), within(geometry, each(own), "source")
    return _table(parts, "source"), _table([reached], "origin"), _table([alone], "source")


def _cells(reach: Mapping[Any, shapely.Geometry]) -> tuple[Shapes, pd.DataFrame]:
    """Cut what sources reach into cells with the same sources everywhere, who share such a place equally.

    Returns the cells, and a table ``cell, source, share``. Where sources do not overlap, each is its own cell.
    """
    some = {source: area for source, area in reach.items() if not area.is_empty}
    areas, names = np.array([*some.values()], dtype=object), np.array([*some])
    if shapely.area(areas).sum() <= shapely.area(_union(areas)) * (1 + 1e-9):
        return areas, pd.DataFrame({"cell": np.arange(len(areas)), "source": names, "share": 1.0})
    lines = shapely.get_parts(shapely.union_all(shapely.boundary(areas)))
    cells = shapely.get_parts(shapely.polygonize(lines))
    cell, area = shapely.STRtree(areas).query(shapely.point_on_surface(cells), predicate="intersects")
    share = 1 / np.maximum(np.bincount(cell, minlength=len(cells)), 1)
    return cells, pd.DataFrame({"cell": cell, "source": names[area], "share": share[cell]})


def class_of(intensity: Floats, footprint: Footprint) -> npt.NDArray[np.int64]:
    """Return the class number of each intensity; -1 is milder than the first class. Half-open towards worse."""
    sign = 1.0 if footprint.worse == "higher" else -1.0
    return np.searchsorted(sign * np.asarray(footprint.edges), sign * intensity, side="right") - 1


def regions(shapes: Shapes, level: npt.NDArray[np.int64], count: int) -> list[shapely.Geometry]:
    """Return the region of each class: where the worst of overlapping shapes has that class."""
    at_least = [_union(shapes[level >= k]) for k in range(count)] + [shapely.Polygon()]
    return [shapely.difference(at_least[k], at_least[k + 1]) for k in range(count)]


def _union(shapes: Shapes) -> shapely.Geometry:
    return shapely.union_all(shapes) if len(shapes) else shapely.Polygon()


def _pieces(geometry: Shapes, areas: Shapes) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], Shapes]:
    """Cut shapes by areas, one part of an area at a time: the shape and the area of each piece, and the piece."""
    parts, owner = shapely.get_parts(areas, return_index=True)
    shape, part = shapely.STRtree(parts).query(geometry, predicate="intersects")
    inside = keep_dimension(shapely.intersection(geometry[shape], parts[part]), geometry[shape])
    full = ~shapely.is_empty(inside)
    return shape[full], owner[part[full]], inside[full]


def _amounts_within(
    geometry: Shapes, areas: Mapping[tuple[int, Any], shapely.Geometry], key: str, *, crs: Any, scenario: int
) -> pd.DataFrame:
    """Return the amount of each shape in each area, which has a class and a name."""
    shape, area, inside = _pieces(geometry, np.array([*areas.values()], dtype=object))
    names = list(areas)
    return pd.DataFrame(
        {
            "shape": shape,
            "scenario": scenario,
            "level": np.array([k for k, _ in names], dtype=np.int64)[area],
            key: np.array([name for _, name in names])[area],
            "amount": amounts(inside, crs),
            "loss": 0.0,
        }
    )


def _table(rows: list[pd.DataFrame], key: str) -> pd.DataFrame:
    filled = [row for row in rows if len(row)]
    if filled:
        return pd.concat(filled).groupby([*KEYS, key], as_index=False)[_SUMS].sum()
    kind = "int64" if key == "source" else "object"
    types = {"shape": "int64", "scenario": "int64", "level": "int64", key: kind, "amount": "float64", "loss": "float64"}
    return pd.DataFrame({name: pd.Series(dtype=dtype) for name, dtype in types.items()})


def nothing(scenarios: int) -> Measured:
    """Return what is measured on no shapes at all."""
    none = np.empty((0, scenarios))
    parts = _table([], "source")
    return Measured(np.empty(0), none, none, none, none, parts, _table([], "origin"), parts, none)
