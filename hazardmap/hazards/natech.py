"""Floods that reach chemical sites: which may release what they hold, and whose cloud that is."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from hazardmap import borders, chemistry, tanks
from hazardmap.chemistry import Holding, Qualifying, Substances, seveso_tier
from hazardmap.clouds import cloud_shapes
from hazardmap.errors import FootprintError, ReleaseError
from hazardmap.exposure.measure import Measured, measure
from hazardmap.footprint import Footprint, scenario_table, weakest_status

__all__ = ["natech"]

Floats = npt.NDArray[np.float64]


def natech(  # noqa: PLR0913  (a study sets each by itself)
    flood: Footprint,
    chemical: Footprint,
    *,
    depth_m: float = 0.3,
    diameter_m: float | None = None,
    height_m: float | None = None,
    shell_mm: float = 8.0,
    liquid_kg_m3: float = 1000.0,
    fill: Sequence[float] = (0.01, 0.75),
    buckling: bool = False,
    substances: Substances | None = None,
    qualifying: Mapping[str, Qualifying] | None = None,
) -> Footprint:
    """Footprint of the clouds of those chemical sites that a flood reaches: screening, no safety assessment.

    A site fails in a scenario of the flood where the deepest water on it reaches ``depth_m`` and, where tanks are
    described, one of them may float. Its clouds are those of the chemical footprint. They come from the country of the
    site; which countries' water set it off is told apart: see :func:`hazardmap.chain`.

    Parameters
    ----------
    flood : Footprint
        From :func:`hazardmap.flood`, in metres.
    chemical : Footprint
        From :func:`hazardmap.chemical`.
    depth_m : float
        Depth from which a site may release something.
    diameter_m : float, optional
        Of the tanks of every site: upright, of steel. Flotation is reckoned where height is given, too.
    height_m : float, optional
        Of these tanks.
    shell_mm : float
        Thickness of their plates.
    liquid_kg_m3 : float
        Density of what they hold.
    fill : (float, float)
        Limits of their fill as shares of the height; on the day of a flood it may be anything between them.
    buckling : bool
        Say how probably water buckles them, too: an experimental correlation; no cloud hangs on it.
    substances : Substances, optional
        For the screening index; default :func:`hazardmap.substances`. In a study also the path of a table.
    qualifying : mapping, optional
        For the screening index; default :func:`hazardmap.qualifying_quantities`. Likewise.

    Returns
    -------
    Footprint
        Features as in the chemical footprint, one scenario per scenario of the flood (and of the clouds, where those
        have several), with the return period of the flood. Of a mosaic of flood maps, that is the one that its maps
        share: their own (``maps``) hold where a map lies, and a cloud is felt elsewhere. ``sites`` has for each
        scenario of the flood the columns ``depth_m`` (deepest water on the area of the site, not on its centre),
        ``state`` (fails, stands, partly covered, not covered) and ``float`` (probability that a tank floats, given the
        flood), named as ``depth_m@T100``; and the screening index ``index`` (0 to 1) with its parts ``index_hazard,
        index_inventory, index_reach`` (0 to 4 each).
        ``triggers`` says whose water reached a site. Where a site may fail of which no flood data tell, its clouds
        are outside of what was modelled: what lies in them is not covered.

    Raises
    ------
    FootprintError
        When the flood is no raster of depths in metres, or the clouds come from no sites.
    ReleaseError
        When a depth or a tank cannot be.

    Examples
    --------
    One site in 0.5 m of water, and one that is dry:

    >>> import rioxarray, xarray as xr, hazardmap as hm
    >>> depth = xr.DataArray([[0.5, 0.0]], dims=("y", "x"), coords={"y": [0.5], "x": [0.5, 1.5]}, attrs={"units": "m"})
    >>> flood = hm.flood([{"layer": depth.rio.write_crs(3035), "return_period": 100}])
    >>> points = gpd.points_from_xy([0.5, 1.5], [0.5, 0.5])
    >>> works = gpd.GeoDataFrame({"country": ["NL", "NL"]}, geometry=points, crs=3035)
    >>> natech(flood, hm.chemical(works, radius_m=1000)).sites[["depth_m@T100", "state@T100"]].values.tolist()
    [[0.5, 'fails'], [0.0, 'stands']]
    """
    _require(flood, chemical, depth_m)
    sites = gpd.GeoDataFrame(chemical.sites)
    tank = _Tank(diameter_m, height_m, shell_mm, liquid_kg_m3, fill)
    found = _measured(sites, replace(flood, levels=(float(depth_m),)))
    floats = tank.floats(found.maximum)
    fails = (found.maximum >= depth_m) & ((floats > 0) | np.isnan(floats))
    names = [str(each) for each in flood.scenarios.index]
    table = _site_table(sites, found, floats, fails, names)
    if buckling:
        table = table.assign(**{f"buckling@{name}": tank.buckles(found.maximum[:, k]) for k, name in enumerate(names)})
    table = _indexed(table, found.maximum, flood, substances, qualifying)
    table.attrs = dict(sites.attrs)
    scenarios, features, triggers = _combined(flood, chemical, fails, _shares_of_water(found, flood, sites))
    uncertain = float(sites.attrs.get("uncertainty_m") or 0.0)
    doubts = {"buckling": buckling, "mosaic": flood.maps is not None}
    return Footprint(
        hazard="natech",
        intensity=features,
        units=chemical.units,
        levels=chemical.levels,
        scenarios=scenario_table(scenarios),
        shares=chemical.shares,
        worse=chemical.worse,
        modelled=_modelled(chemical, np.asarray(((found.covered < _whole(found)) & ~fails).any(axis=1))),
        meaning=chemical.meaning,
        status=weakest_status([], (flood.status, chemical.status)),
        notes=tuple(dict.fromkeys([*flood.notes, *chemical.notes, *_notes(found, fails, tank, uncertain, **doubts)])),
        inputs=tuple({(i.get("name"), i.get("sha256")): i for i in (*flood.inputs, *chemical.inputs)}.values()),
        parameters={
            "depth_m": float(depth_m),
            **tank.as_parameters(),
            "buckling": buckling,
            "flood": flood.parameters,
            "chemical": chemical.parameters,
        },
        sites=table,
        triggers=triggers,
    )


_WHOLE = 1 - 1e-9  # what is covered to within rounding is covered
FAILS, STANDS, PARTLY, NOT_COVERED = "fails", "stands", "partly covered", "not covered"


class _Tank:
    """Tanks as a study describes them; none where it does not."""

    def __init__(
        self, diameter_m: float | None, height_m: float | None, shell_mm: float, liquid: float, fill: Sequence[float]
    ) -> None:
        if (diameter_m is None) != (height_m is None):
            raise ReleaseError(
                f"tanks have the diameter {diameter_m} and the height {height_m}; expected both, or none; add the other"
            )
        self.diameter_m, self.height_m = diameter_m, height_m
        self.shell_mm, self.liquid, self.fill = shell_mm, liquid, tanks.fill_limits(fill)
        self.floats(np.zeros(1))  # refuse what cannot be, before anything is read

    def floats(self, depth: Floats) -> Floats:
        """Return the probability that a tank floats; NaN where no tank is described."""
        if self.diameter_m is None or self.height_m is None:
            return np.full(depth.shape, np.nan)
        critical = tanks.critical_fill_m(
            np.minimum(depth, self.height_m),  # a tank displaces no more water than its own volume
            diameter_m=self.diameter_m,
            mass_kg=tanks.steel_mass_kg(self.diameter_m, self.height_m, self.shell_mm),
            liquid_kg_m3=self.liquid,
        )
        return tanks.flotation_probability(critical, height_m=self.height_m, fill=self.fill)

    def buckles(self, depth: Floats) -> Floats:
        """Return the probability that the water buckles a tank (experimental)."""
        if self.diameter_m is None or self.height_m is None:
            raise ReleaseError("buckling needs tanks; expected diameter_m and height_m; add them")
        volume = np.pi * self.diameter_m**2 / 4 * self.height_m
        return tanks.landucci_probability(depth, volume_m3=volume, height_m=self.height_m, liquid_kg_m3=self.liquid)

    def as_parameters(self) -> dict[str, Any]:
        """Return what the run record says of them."""
        return {
            "diameter_m": self.diameter_m,
            "height_m": self.height_m,
            "shell_mm": self.shell_mm,
            "liquid_kg_m3": self.liquid,
            "fill": list(self.fill),
        }


def _require(flood: Footprint, chemical: Footprint, depth_m: Any) -> None:
    if not flood.is_raster or flood.units != "m" or flood.worse != "higher":
        raise FootprintError(
            f"natech has a {flood.hazard} footprint in {flood.units!r} as its flood; expected a raster of depths in m; "
            "name a flood without a rating"
        )
    if chemical.sites is None or chemical.is_raster:
        raise FootprintError(
            f"natech has a {chemical.hazard} footprint without sites; expected the clouds of chemical sites; name them"
        )
    if isinstance(depth_m, bool) or not isinstance(depth_m, int | float) or not 0 < depth_m < 100:
        raise ReleaseError(f"depth_m is {depth_m!r}; expected metres above 0; correct it")


def _measured(sites: gpd.GeoDataFrame, flood: Footprint) -> Measured:
    """Measure the flood on the area of each site, widened by what is not known of its place."""
    radius = float(sites.attrs.get("uncertainty_m") or 0.0)
    shapes = sites.geometry.to_numpy()
    if radius:
        shapes = cloud_shapes(shapes, [0.0] * len(sites), crs=sites.crs, uncertainty_m=radius)
    return measure(borders.to_crs(shapes, sites.crs, flood.crs), flood)


def _site_table(
    sites: gpd.GeoDataFrame, found: Measured, floats: Floats, fails: npt.NDArray[np.bool_], names: Sequence[str]
) -> gpd.GeoDataFrame:
    known = found.covered >= _whole(found)
    state = np.select([fails, known, found.covered > 0], [FAILS, STANDS, PARTLY], NOT_COVERED)
    columns: dict[str, Any] = {}
    for k, name in enumerate(names):
        columns |= {f"depth_m@{name}": found.maximum[:, k], f"state@{name}": state[:, k], f"float@{name}": floats[:, k]}
    return sites.assign(**columns)


def _whole(found: Measured) -> Floats:
    """Return how much of each site has to be covered by the flood data to be called known."""
    return np.asarray(found.amount[:, None] * _WHOLE)


def _modelled(chemical: Footprint, unknown: npt.NDArray[np.bool_]) -> BaseGeometry | None:
    """Return the area of which something is known: not where a site may fail of which no flood data tell.

    What lies in its clouds, and in none that is known, is not covered, and never dry.
    """
    if not unknown.any():
        return chemical.modelled
    clouds = gpd.GeoDataFrame(chemical.intensity)
    sources = gpd.GeoDataFrame(chemical.sites).index[unknown]
    doubtful = shapely.union_all(clouds.geometry[clouds["source"].isin(sources)].to_numpy())
    known = _surroundings(clouds) if chemical.modelled is None else chemical.modelled
    found: BaseGeometry = shapely.difference(known, doubtful)
    return found


def _surroundings(clouds: gpd.GeoDataFrame) -> BaseGeometry:
    """Return all that a study may ask about: the globe as web maps show it, or 1,000 km around in a projection."""
    if clouds.crs.is_geographic:
        return shapely.box(-180, -85, 180, 85)
    west, south, east, north = clouds.total_bounds
    far = 1e6 / clouds.crs.axis_info[0].unit_conversion_factor
    return shapely.box(west - far, south - far, east + far, north + far)


def _shares_of_water(found: Measured, flood: Footprint, sites: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return whose water stands on each site: ``flood`` (number of its scenario), ``source, origin, share``."""
    parts = found.parts[found.parts["amount"] > 0]
    by_source = parts.groupby(["shape", "scenario", "source"], as_index=False)["amount"].sum()
    by_source = by_source.merge(flood.shares, on="source")
    by_source["amount"] *= by_source["share"]
    table = by_source.groupby(["shape", "scenario", "origin"], as_index=False)["amount"].sum()
    table["share"] = table["amount"] / table.groupby(["shape", "scenario"])["amount"].transform("sum")
    table["source"] = sites.index.to_numpy()[table["shape"]]
    return table.rename(columns={"scenario": "flood"})[["flood", "source", "origin", "share"]]


def _combined(
    flood: Footprint, chemical: Footprint, fails: npt.NDArray[np.bool_], water: pd.DataFrame
) -> tuple[list[dict[str, Any]], gpd.GeoDataFrame, pd.DataFrame]:
    """Return scenarios, the clouds of the sites that fail in each, and whose water reached them."""
    clouds = gpd.GeoDataFrame(chemical.intensity)
    several = len(chemical.scenarios) > 1
    sites = gpd.GeoDataFrame(chemical.sites).index.to_numpy()
    scenarios, features, triggers = [], [], []
    for k, (name, row) in enumerate(flood.scenarios.iterrows()):
        failing = sites[fails[:, k]]
        of_sites = water[(water["flood"] == k) & water["source"].isin(failing)]
        for cloud, label in chemical.scenarios["label"].items():
            identity = f"{name} {cloud}" if several else str(name)
            text = f"{row['label']}; {label}" if several else str(row["label"])
            known = {key: None if pd.isna(value) else value for key, value in row.items()}
            scenarios.append({**known, "id": identity, "label": text})
            own = clouds[(clouds["scenario"] == cloud) & clouds["source"].isin(failing)]
            features.append(own.assign(scenario=identity))
            triggers.append(of_sites.assign(scenario=identity))
    joined = gpd.GeoDataFrame(pd.concat(features, ignore_index=True), crs=clouds.crs)
    table = pd.concat(triggers, ignore_index=True)[["scenario", "source", "origin", "share"]]
    return scenarios, joined, table


def _indexed(
    table: gpd.GeoDataFrame,
    depth: Floats,
    flood: Footprint,
    substances: Substances | None,
    qualifying: Mapping[str, Qualifying] | None,
) -> gpd.GeoDataFrame:
    """Add the screening index, a proposal of this project: the product of three parts, each 0 to 4.

    Hazard: class of depth (from 0.1, 0.5, 1 and 2 m) weighted by how frequent the flood is (1 up to once in 30 years,
    0.75 up to 200, else 0.5), the worst scenario. Inventory: shares of the lower-tier quantities of Seveso III (from 1,
    2 and 5), one more for the upper tier. Reach: the border within 50, 15, 5 and 1 km. No index where one is not known.
    """
    period = flood.scenarios["return_period"].to_numpy(dtype=float)
    weight = np.select([period <= 30, period <= 200], [1.0, 0.75], 0.5)
    klass = np.searchsorted([0.1, 0.5, 1.0, 2.0], np.nan_to_num(depth), side="right")
    hazard = np.where(np.isnan(depth).all(axis=1), np.nan, (klass * weight).max(axis=1))
    known = chemistry.substances() if substances is None else substances
    listed = chemistry.qualifying_quantities() if qualifying is None else qualifying
    inventory = np.array([_inventory(row, known, listed) for row in table.to_dict("records")], dtype=float)
    border = table["border_km"].to_numpy(dtype=float)
    reach = np.where(np.isnan(border), np.nan, 4.0 - np.searchsorted([1.0, 5.0, 15.0, 50.0], border))
    return table.assign(
        index_hazard=hazard, index_inventory=inventory, index_reach=reach, index=hazard * inventory * reach / 64
    )


def _inventory(row: Mapping[str, Any], substances: Substances, qualifying: Mapping[str, Qualifying]) -> float:
    """Return the class of what a site holds; NaN where that is not known."""
    name, quantity = row.get("substance"), row.get("quantity_t")
    if not name or quantity is None or np.isnan(quantity):
        return float("nan")
    tier = seveso_tier([Holding(substances.find(str(name)), f"{quantity} t")], qualifying)
    share = float(tier.sums["lower"].max())
    return float(np.searchsorted([1.0, 2.0, 5.0], share, side="right") + (tier.tier == "upper"))


def _notes(
    found: Measured, fails: npt.NDArray[np.bool_], tank: _Tank, uncertain: float, *, buckling: bool, mosaic: bool
) -> list[str]:
    bare = int((found.covered < _whole(found)).any(axis=1).sum())
    notes = [
        f"natech: {int(fails.any(axis=1).sum())} of {len(fails)} sites fail in some scenario of the flood",
        "natech: every site that fails is taken to release its cloud, so that what is said per year is an upper bound",
        "natech: the screening index is a proposal of this project; read its three parts",
    ]
    if bare:
        notes.append(
            f"natech: {bare} of {len(fails)} sites are not or only partly covered by the flood data read for "
            "this area, in some scenario at least; they are not known to be safe"
        )
    if mosaic:
        notes.append(
            "natech: of maps of several countries, scenarios have the label and return period that these share: a "
            "cloud goes by the flood at its site, not by the map of the country that it reaches"
        )
    if uncertain:
        notes.append(f"natech: the deepest water within {uncertain:,.0f} m of each place was taken")
    if tank.diameter_m is None:
        notes.append("natech: no tanks are described, so that a site fails by depth alone")
    if buckling:
        notes.append("natech: buckling after Landucci et al. (2012) is experimental: its numbers could not be checked")
    return notes
