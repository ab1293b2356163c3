"""A hazard as shapes: what it came as, and from where, its zones, what was modelled, the seams between its maps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from hazardmap.outputs.webmap.model import Attribute, FeatureLayer

if TYPE_CHECKING:
    from hazardmap.exposure import Exposure
    from hazardmap.footprint import Footprint

__all__ = ["MOST_CELLS", "modelled_area", "seam_layer", "shape_layer", "site_layer", "zone_layer"]

MOST_CELLS = 2_000_000
"""Cells, over all scenarios, of a raster that the map shows as zones too."""

_SEAM_ATTRIBUTES = (
    Attribute(name="kind", kind="seam"),
    Attribute(name="scenario", kind="scenario"),
    Attribute(name="length_m", units="m", digits=0, kind="number"),
    Attribute(name="step_m", units="m", digits=1, kind="number"),
    *(
        attribute
        for side in "ab"
        for attribute in (
            Attribute(name=f"country_{side}", kind="country"),
            Attribute(name=f"map_{side}"),
            Attribute(name=f"label_{side}"),
            Attribute(name=f"depth_{side}", units="m", digits=1, kind="number"),
        )
    ),
)

# What a hazard may say of its shapes and of the places that they come from, beside what every footprint says.
_SHAPE_ATTRIBUTES = (
    Attribute(name="name"),
    Attribute(name="distance_m", units="m", digits=0, kind="number"),
    Attribute(name="method"),
)
_SITE_ATTRIBUTES = (
    Attribute(name="name"),
    Attribute(name="country", kind="country"),
    Attribute(name="substance"),
    Attribute(name="quantity_t", units="t", digits=0, kind="number"),
    Attribute(name="border_km", units="km", digits=1, kind="number"),
    Attribute(name="neighbour", kind="country"),
)


def shape_layer(footprint: Footprint) -> FeatureLayer:
    """Return a hazard that came as features, one row per scenario and shape."""
    features = footprint.intensity.to_crs(4326)
    codes, mixes = _mixes(features["source"], footprint.shares)
    frame = features.assign(
        scenario=_numbers(features["scenario"], footprint),
        level=_levels(features["intensity"].to_numpy(dtype=float), footprint),
        mix=codes,
    )
    attributes = (
        Attribute(name="scenario", kind="scenario"),
        Attribute(name="level", kind="level"),
        Attribute(name="intensity", units=footprint.units, digits=1, kind="number"),
        *_present(_SHAPE_ATTRIBUTES, frame),
        Attribute(name="mix", kind="mix"),
    )
    return _layer("zones", footprint.hazard, frame, attributes, mixes=mixes)


def site_layer(footprint: Footprint) -> FeatureLayer | None:
    """Return the places that the shapes of a hazard come from, where it says so."""
    if footprint.sites is None or not len(footprint.sites):
        return None
    frame = footprint.sites.to_crs(4326)
    codes, mixes = _mixes(frame.index.to_series(), footprint.shares)
    attributes = (*_present(_SITE_ATTRIBUTES, frame), Attribute(name="mix", kind="mix"))
    return _layer("hazard-sites", "hazard-sites", frame.assign(mix=codes), attributes, mixes=mixes)


def zone_layer(result: Exposure) -> tuple[FeatureLayer | None, tuple[str, ...]]:
    """Return the zones of a result as polygons; of a large raster none, and a note that says so."""
    footprint = result.footprint
    if footprint.is_raster and footprint.intensity.size > MOST_CELLS:
        note = (
            f"zones of {footprint.hazard} are not on the map: the raster has {footprint.intensity.size:,} cells in "
            f"all scenarios, at most {MOST_CELLS:,} are drawn as polygons; they are in the GeoPackage"
        )
        return None, (note,)
    zones = result.zones
    edges = {edge: number for number, edge in enumerate(footprint.levels)}
    frame = zones.assign(
        scenario=_numbers(zones["scenario"], footprint), level=zones["level"].map(edges).astype("Int64")
    )
    attributes = (
        Attribute(name="scenario", kind="scenario"),
        Attribute(name="level", kind="level"),
        Attribute(name="territory", kind="territory"),
        Attribute(name="country", kind="country"),
        Attribute(name="area_km2", units="km2", digits=2, kind="number"),
        Attribute(
            name="maximum" if footprint.worse == "higher" else "minimum", units=footprint.units, digits=1, kind="number"
        ),
        Attribute(name="mean", units=footprint.units, digits=1, kind="number"),
        Attribute(name="origin", kind="country"),
        Attribute(name="origin_share", kind="percent", digits=2),
    )
    return _layer("zones", "zones", frame, attributes, shown=not footprint.is_raster), ()


def modelled_area(footprint: Footprint) -> gpd.GeoDataFrame | None:
    """Return the area outside of which nothing is known; None where the hazard does not say."""
    if footprint.is_raster or footprint.modelled is None:
        return None
    return gpd.GeoDataFrame(geometry=[footprint.modelled], crs=footprint.crs).to_crs(4326)


def seam_layer(result: Exposure) -> FeatureLayer | None:
    """Return where maps of neighbouring countries do not line up, if the result or its footprint says so."""
    found: Any = getattr(result, "seams", None)
    seams = getattr(result.footprint, "seams", None) if found is None else found
    if not isinstance(seams, gpd.GeoDataFrame) or seams.empty:
        return None
    frame = seams.to_crs(4326).assign(scenario=_numbers(seams["scenario"], result.footprint))
    return _layer("seams", "seams", frame, _present(_SEAM_ATTRIBUTES, frame))


def _present(attributes: tuple[Attribute, ...], frame: gpd.GeoDataFrame) -> tuple[Attribute, ...]:
    return tuple(attribute for attribute in attributes if attribute.name in frame.columns)


def _layer(name: str, title: str, frame: Any, attributes: tuple[Attribute, ...], **options: Any) -> FeatureLayer:
    return FeatureLayer(name=name, title=title, frame=frame.reset_index(drop=True), attributes=attributes, **options)


def _numbers(names: pd.Series, footprint: Footprint) -> npt.NDArray[np.int64]:
    """Return the number of each scenario; -1 where it is none of the footprint."""
    return np.asarray(footprint.scenarios.index.get_indexer(names), dtype=np.int64)


def _levels(intensity: npt.NDArray[np.float64], footprint: Footprint) -> npt.NDArray[np.int64]:
    """Return the class number of each intensity; -1 is milder than every class."""
    sign = 1 if footprint.worse == "higher" else -1
    return np.searchsorted(sign * np.asarray(footprint.edges), sign * intensity, side="right") - 1


def _mixes(
    sources: pd.Series, shares: pd.DataFrame
) -> tuple[npt.NDArray[np.int64], tuple[tuple[tuple[str, int], ...], ...]]:
    """Return the mix of origins of each source, in whole per cent, as a code."""
    ordered = shares[shares["share"] > 0].sort_values(["share", "origin"], ascending=[False, True])
    mix_of = {
        source: tuple((str(row.origin), round(row.share * 100)) for row in own.itertuples())
        for source, own in ordered.groupby("source")
    }
    distinct = sorted({mix_of[source] for source in sources})
    codes = np.array([distinct.index(mix_of[source]) for source in sources], dtype=np.int64)
    return codes, tuple(distinct)
