"""Indicative flood depths, the diked lowland that they leave out, and the branches of the Rhine and the Meuse in it.

Nothing here is a flood map. Depths come from the height of the land above the nearest river, on cells of about
600 m x 900 m, and from a rule for the river's stage; they show what the software does, not where water will stand.
"""

from pathlib import Path
from string import Template
from typing import Any, Final, NamedTuple

import geopandas as gpd
import numpy as np
import rioxarray
import shapely
import xarray as xr
from affine import Affine
from numpy.typing import NDArray
from rasterio.features import shapes
from scipy import ndimage

from hazardmap.rivers import height_above_drainage, screening_depth
from scripts.pack.files import rounded, seal, write_raster, write_vector

WINDOW: Final = (2.0, 48.0, 9.0, 52.01)
"""Longitude and latitude of what the pack shows; the basin beyond it only tells where the water comes from."""

RIVER_KM2: Final = 500.0
"""Rivers from this upstream area on flood their valleys: below it, cells of 600 m x 900 m see no valley."""

EXPONENT: Final = 0.3
"""Growth of stage with upstream area, as in Nardi et al. (2019), Scientific Data 6, 180309."""

LOWLAND_M: Final = 12.0
"""Land up to here that hangs together with the sea is diked: the Betuwe, the polders, the lower Meuse from Mook on."""

NODATA: Final = -9999.0


class Scenario(NamedTuple):
    """A depth raster: its stage is ``coefficient`` x (upstream area in km2) ** ``EXPONENT`` metres."""

    key: str
    coefficient: float
    title: dict[str, str]


SCENARIOS: Final = (
    Scenario(
        "t10",
        0.18,
        {
            "en": "Flood depth, 10 years (indicative)",
            "nl": "Overstromingsdiepte, 10 jaar (indicatief)",
            "fr": "Hauteur d'eau, 10 ans (indicatif)",
            "de": "Überflutungstiefe, 10 Jahre (indikativ)",
        },
    ),
    Scenario(
        "t100",
        0.23,
        {
            "en": "Flood depth, 100 years (indicative)",
            "nl": "Overstromingsdiepte, 100 jaar (indicatief)",
            "fr": "Hauteur d'eau, 100 ans (indicatif)",
            "de": "Überflutungstiefe, 100 Jahre (indikativ)",
        },
    ),
    Scenario(
        "t1000",
        0.28,
        {
            "en": "Flood depth, 1000 years (indicative)",
            "nl": "Overstromingsdiepte, 1000 jaar (indicatief)",
            "fr": "Hauteur d'eau, 1000 ans (indicatif)",
            "de": "Überflutungstiefe, 1000 Jahre (indikativ)",
        },
    ),
    Scenario(
        "extreme",
        0.34,
        {
            "en": "Flood depth, extreme (indicative)",
            "nl": "Overstromingsdiepte, extreem (indicatief)",
            "fr": "Hauteur d'eau, extrême (indicatif)",
            "de": "Überflutungstiefe, extrem (indikativ)",
        },
    ),
)

BRANCHES: Final[dict[str, tuple[str, str | None, float | None, str]]] = {
    "waal": (
        "Waal",
        None,
        2 / 3,
        (
            "6.03 51.868, 5.97 51.853, 5.87 51.855, 5.77 51.884, 5.68 51.895, 5.57 51.905, 5.43 51.882, 5.36 51.815, "
            "5.25 51.817, 5.09 51.824, 4.97 51.824, 4.88 51.805, 4.77 51.75"
        ),
    ),
    "nederrijn": (
        "Nederrijn / Lek",
        None,
        2 / 9,
        (
            "6.03 51.868, 5.97 51.91, 5.95 51.953, 5.91 51.975, 5.82 51.965, 5.74 51.965, 5.66 51.957, 5.57 51.955, "
            "5.45 51.975, 5.34 51.967, 5.23 51.962, 5.09 51.985, 4.85 51.94, 4.69 51.90, 4.58 51.89, 4.48 51.908, "
            "4.34 51.90, 4.25 51.915"
        ),
    ),
    "ijssel": (
        "IJssel",
        "nederrijn",
        1 / 9,
        (
            "5.95 51.953, 5.99 51.97, 6.05 52.0, 6.13 52.015, 6.18 52.08, 6.19 52.14, 6.15 52.25, 6.11 52.34, "
            "6.08 52.40, 6.06 52.50, 5.92 52.56, 5.83 52.585"
        ),
    ),
    "maas": (
        "Maas / Bergse Maas",
        None,
        None,
        (
            "5.88 51.757, 5.74 51.765, 5.64 51.80, 5.56 51.825, 5.43 51.81, 5.36 51.79, 5.26 51.735, 5.14 51.735, "
            "5.00 51.72, 4.87 51.715"
        ),
    ),
}
"""Name, parent, share of the mean flow at Lobith (indicative), and vertices from where the branch leaves.

The vertices were set by hand, about 2 km true (nine in ten points of each within 2.3 km of Natural Earth's rivers)."""

RULE: Final = (
    f"No flood map. Depth = coefficient x A^{EXPONENT} minus the height above the nearest river (HAND), where A is the "
    f"upstream area of that river in km2 (from {RIVER_KM2:g} km2 on). Exponent after Nardi et al. (2019), doi "
    "10.1038/sdata.2018.309; coefficients chosen by eye so that valleys fill and plains do not. Dikes, bridges, "
    "duration and the shape of the riverbed are ignored; the return period is a name, not a statistic. Cells are 30 "
    "arc-seconds (about 600 m x 900 m): do not read anything smaller. Not covered: diked lowland, what drains straight "
    "to it, and land outside the basin of the Rhine and the Meuse."
)

CARD: Final = Template("""\
title:
  en: "$en"
  nl: "$nl"
  fr: "$fr"
  de: "$de"
kind: $kind
path: data/$file
sha256: ""
licence: $licence
attribution: "$attribution"
source: "$source"
date: "$date"
status: indicative
redistribute: true
covers: [$covers]
note: "$note"
$more""")

DERIVED: Final = {
    "licence": "ODbL-1.0",
    "attribution": "MERIT Hydro (Yamazaki et al. 2019), changed by hazardmap",
    "source": "flow-directions and elevation of this pack; scripts/pack/flood_depths.py",
    "date": "2019",
}


def build(layers: Path) -> None:
    """Write the depths, the lowland and the branches, with their cards, from rasters that are in the pack already.

    Parameters
    ----------
    layers : Path
        The pack's folder, with ``data/flow-directions.tif`` and ``data/elevation.tif``.
    """
    directions = _read(layers / "data" / "flow-directions.tif")
    elevation = _read(layers / "data" / "elevation.tif").assign_attrs(units="m")
    low = lowland(directions, elevation)
    _write_lowland(layers, low, elevation.rio.transform())
    _write_branches(layers)
    # without the lowland's directions, what drains to a river there is not modelled either
    height, area = height_above_drainage(directions.where(~low), elevation, min_area_km2=RIVER_KM2)
    for scenario in SCENARIOS:
        depth = screening_depth(height, area, coefficient=scenario.coefficient, exponent=EXPONENT).round(1)
        _write_depth(layers, scenario, depth)


def lowland(directions: xr.DataArray, elevation: xr.DataArray) -> NDArray[np.bool_]:
    """Cells up to ``LOWLAND_M`` that hang together with the outlet, without narrow valley floors and small holes.

    Parameters
    ----------
    directions, elevation : DataArray
        ``(y, x)`` on one grid, north up; D8 codes, and metres with NaN outside the basin.

    Returns
    -------
    ndarray of bool
        ``(y, x)``.
    """
    known = elevation.notnull().to_numpy()
    # beyond the basin the lowland goes on: its edge there must not be taken for a narrow valley
    low = ndimage.binary_opening((elevation <= LOWLAND_M).to_numpy() | ~known, np.ones((3, 3)), border_value=1) & known
    parts, _ = ndimage.label(low, np.ones((3, 3)))
    outlet = np.argwhere((directions == 0).to_numpy())[0]
    delta = ndimage.binary_closing(parts == parts[tuple(outlet)], np.ones((5, 5)))
    filled: NDArray[np.bool_] = ndimage.binary_fill_holes(delta) & known
    return filled


def _read(path: Path) -> xr.DataArray:
    """Read a raster of the pack into memory, NaN for missing."""
    raster: Any = rioxarray.open_rasterio(path, masked=True)
    with raster:
        values: xr.DataArray = raster.squeeze("band", drop=True).load()
    return values


def _write_lowland(layers: Path, low: NDArray[np.bool_], transform: Affine) -> None:
    polygons = [
        shapely.geometry.shape(shape) for shape, value in shapes(low.astype("uint8"), low, transform=transform) if value
    ]
    frame = gpd.GeoDataFrame(
        {"id": [f"lowland-{number}" for number in range(1, len(polygons) + 1)], "name": "Rhine-Meuse delta"},
        geometry=polygons,
        crs="EPSG:4326",
    )
    write_vector(rounded(frame, 1e-6), layers / "data" / "diked-lowland.fgb")
    _card(
        layers,
        "diked-lowland",
        DERIVED,
        en="Diked lowland, not modelled (indicative)",
        nl="Bedijkt laagland, niet gemodelleerd (indicatief)",
        fr="Plaine endiguée, non modélisée (indicatif)",
        de="Eingedeichtes Tiefland, nicht modelliert (indikativ)",
        kind="vector",
        file="diked-lowland.fgb",
        covers=_numbers(frame.total_bounds),
        note=f"Cells of 30 arc-seconds up to {LOWLAND_M:g} m above sea level that hang together with the mouth of the "
        "Rhine, within its basin and that of the Meuse; tongues along rivers narrower than three cells are cut off. A "
        "rule on a coarse elevation raster, no register of dikes: land outside it is not safe, nor is all of it diked.",
    )


def _write_branches(layers: Path) -> None:
    frame = gpd.GeoDataFrame(
        [(branch, *fields[:3]) for branch, fields in BRANCHES.items()],
        columns=["id", "name", "parent", "discharge_share"],
        geometry=shapely.from_wkt([f"LINESTRING ({vertices})" for *_, vertices in BRANCHES.values()]),
        crs="EPSG:4326",
    )
    write_vector(frame, layers / "data" / "river-branches.fgb")
    _card(
        layers,
        "river-branches",
        {
            "licence": "CC0-1.0",
            "attribution": "hazardmap",
            "source": "vertices by hand; scripts/pack/flood_depths.py",
            "date": "2025",
        },
        en="Branches of the Rhine and the Meuse in the delta (indicative)",
        nl="Rijn- en Maastakken in de delta (indicatief)",
        fr="Bras du Rhin et de la Meuse dans le delta (indicatif)",
        de="Arme von Rhein und Maas im Delta (indikativ)",
        kind="vector",
        file="river-branches.fgb",
        covers=_numbers(frame.total_bounds),
        note="Lines start where a branch leaves its parent, about 2 km true. Shares of the mean flow at Lobith: Waal "
        "2/3, Nederrijn 2/9, IJssel 1/9, indicative: weirs change them, and in floods they differ. Water from canals "
        "and regional rivers is left out.",
        more="uncertainty_m: 2000\n",
    )


def _write_depth(layers: Path, scenario: Scenario, depth: xr.DataArray) -> None:
    west, south, east, north = WINDOW
    cut = depth.sel(x=slice(west, east), y=slice(north, south))
    transform = cut.rio.transform(recalc=True)
    values = cut.fillna(NODATA).to_numpy().astype(np.float32)
    name = f"flood-depth-{scenario.key}"
    write_raster(values, transform, NODATA, layers / "data" / f"{name}.tif")
    _card(
        layers,
        name,
        DERIVED,
        **scenario.title,
        kind="raster",
        file=f"{name}.tif",
        covers=_numbers(cut.rio.bounds()),
        note=f"{RULE} Coefficients: {', '.join(f'{s.key} {s.coefficient:g}' for s in SCENARIOS)}.",
        more="units: m\n",
    )


def _card(layers: Path, name: str, origin: dict[str, str], *, more: str = "", **fields: str) -> None:
    card = layers / f"{name}.yaml"
    card.write_text(CARD.substitute(origin, more=more, **fields), encoding="utf-8")
    seal(card)


def _numbers(bounds: Any) -> str:
    return ", ".join(f"{value:.3f}" for value in bounds)
