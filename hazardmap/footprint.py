"""What a hazard function returns: how strong, where, how often, and from whom."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import xarray as xr
from odc.geo.geobox import GeoBox
from shapely.geometry.base import BaseGeometry

from hazardmap import checks
from hazardmap.coverage import Block, Window, windows_of
from hazardmap.errors import FootprintError
from hazardmap.scenarios import is_number, probability_of

__all__ = [
    "LEAST",
    "NO_ORIGIN",
    "NO_SOURCE",
    "UNKNOWN_SOURCE",
    "Footprint",
    "class_edges",
    "require_positive",
    "scenario_table",
    "weakest_status",
]

UNKNOWN_SOURCE = 0
"""The source of a cell of which nobody can say where its hazard comes from."""

NO_SOURCE = -1
"""The source of a cell whose hazard comes from nowhere: where it did not rain, nobody held the rain back."""

NO_ORIGIN = "none"
"""The origin of such a source, and of nothing else; it takes no part in flows."""

LEAST = float(np.finfo(np.float32).tiny)
"""An intensity that is just above none, in the precision of any raster."""

_STATUS = ("official", "indicative", "synthetic")

SCENARIO_COLUMNS = ("label", "class", "return_period", "probability", "probability_kind")


@dataclass(frozen=True, kw_only=True)
class Footprint:
    """Intensity of one hazard per scenario, and where it comes from.

    Parameters
    ----------
    hazard : str
        Name of the hazard, such as ``"flood"``.
    intensity : DataArray or GeoDataFrame
        Raster ``(scenario, y, x)`` with NaN for missing and 0 for none, best left lazy; or features, one row per
        scenario and shape, with the columns ``scenario``, ``intensity``, ``source`` and ``geometry``.
    units : str
        Units of the intensity.
    levels : tuple of float
        Class edges, from mild to bad. A class is half-open towards worse; one from 0 begins just above it, since 0
        is none. The first edge says what counts as hit.
    scenarios : DataFrame
        Made by :func:`scenario_table`; indexed by scenario, in the order of the raster.
    shares : DataFrame
        Columns ``source`` (int), ``origin`` (str), ``share`` (float); the shares of every source sum to 1.
    source : DataArray or int
        Source of each cell, ``(y, x)`` and int32 on the grid of the intensity; or one source for every cell.
        Features carry theirs in a column.
    worse : {"higher", "lower"}
        Which way is worse.
    modelled : shapely geometry, optional
        Features only: the area (in the CRS of the features) outside of which nothing is known. Cells say so by NaN.
    meaning : str
        What a share is a share of, such as ``"share of upstream area"``: never a cause.
    status : {"official", "indicative", "synthetic"}
        The weakest status among the inputs.
    notes : tuple of str
        What is legal but doubtful.
    inputs : tuple of dict
        Provenance of every layer used: name, licence, attribution, source, date, SHA-256, status.
    parameters : dict
        What the hazard function was called with, for the run record.
    river : function, optional
        Gives the source of points that live from a river (those of assets with a true column ``from_river``), whatever
        their cell has: takes a frame of points and returns one with the columns ``source`` and ``distance_m`` (NaN
        where no river is near), indexed alike.
    maps : DataFrame, optional
        Where several maps were laid beside each other: what each says of each scenario; see
        :class:`hazardmap.neighbours.mosaics.Mosaic`. The coordinate ``map`` of the intensity names each cell's map.
    seams : GeoDataFrame, optional
        Where these maps do not line up; see :func:`hazardmap.neighbours.seamlines.seams`.
    sites : GeoDataFrame, optional
        Features only: the places that they come from, one row per source, in the CRS of the features. Indexed by
        ``source``; columns ``id, name, country`` and what else is known of them.
    rising : tuple of str, optional
        Scenarios from frequent to rare, none of which should be milder anywhere than the one before; where it is, an
        overlay says so. By default all that have a probability.
    triggers : DataFrame, optional
        Where another hazard set the sources off: columns ``scenario, source, origin, share``, whose shares add up to 1
        per scenario and source; see :func:`hazardmap.notice.chain`.

    Raises
    ------
    FootprintError
        When a law is broken: shares that do not sum to 1, levels out of order, sources or scenarios without a row.

    Examples
    --------
    Two cells, one of them flooded by water of which three quarters come from Belgium:

    >>> import rioxarray
    >>> footprint = Footprint(
    ...     hazard="flood", intensity=xr.DataArray([[[0.0, 1.2]]], dims=("scenario", "y", "x")).rio.write_crs(3035),
    ...     units="m", levels=(0.1, 1.0), scenarios=scenario_table([{"return_period": 100}]), source=7,
    ...     shares=pd.DataFrame({"source": 7, "origin": ["BE", "NL"], "share": [0.75, 0.25]}),
    ... )
    >>> footprint.origins(), footprint.scenarios["probability"].to_dict()
    (['BE', 'NL'], {'T100': 0.01})
    """

    hazard: str
    intensity: xr.DataArray | gpd.GeoDataFrame
    units: str
    levels: tuple[float, ...]
    scenarios: pd.DataFrame
    shares: pd.DataFrame
    source: xr.DataArray | int = UNKNOWN_SOURCE
    worse: Literal["higher", "lower"] = "higher"
    modelled: BaseGeometry | None = None
    meaning: str = "share"
    status: str = "official"
    notes: tuple[str, ...] = ()
    inputs: tuple[dict[str, Any], ...] = ()
    parameters: dict[str, Any] | None = None
    river: Callable[[gpd.GeoDataFrame], pd.DataFrame] | None = None
    maps: pd.DataFrame | None = None
    seams: gpd.GeoDataFrame | None = None
    sites: gpd.GeoDataFrame | None = None
    rising: tuple[str, ...] | None = None
    triggers: pd.DataFrame | None = None

    def __post_init__(self) -> None:
        """Check the law of a footprint."""
        _check_levels(self.levels, self.worse)
        _check_shares(self.shares)
        if isinstance(self.intensity, gpd.GeoDataFrame):
            _check_features(self.intensity, self.scenarios, self.shares)
            return
        if self.intensity.dims != ("scenario", "y", "x"):
            raise FootprintError(f"intensity has the dimensions {self.intensity.dims}; expected (scenario, y, x)")
        if self.intensity.sizes["scenario"] != len(self.scenarios):
            raise FootprintError(
                f"intensity has {self.intensity.sizes['scenario']} scenarios; the table of scenarios has "
                f"{len(self.scenarios)}; give one row per scenario"
            )
        if isinstance(self.source, xr.DataArray) and self.source.shape != self.intensity.shape[1:]:
            raise FootprintError(
                f"source has {self.source.shape} cells; expected {self.intensity.shape[1:]}; "
                "sources lie on the grid of the intensity"
            )

    @property
    def is_raster(self) -> bool:
        """Whether the intensity is a raster (else features)."""
        return isinstance(self.intensity, xr.DataArray)

    @property
    def crs(self) -> Any:
        """CRS of the intensity (pyproj)."""
        return checks.require_crs(self.intensity, name=f"the {self.hazard} footprint")

    @property
    def grid(self) -> GeoBox:
        """Grid of a raster footprint."""
        return checks.grid_of(self.intensity, name=f"the {self.hazard} footprint")

    @property
    def edges(self) -> tuple[float, ...]:
        """Class edges as intensities are compared with them.

        Where higher is worse, an intensity of 0 is none, so that a class from 0 begins just above it.
        """
        if self.worse == "lower":
            return self.levels
        return tuple(LEAST if edge == 0 else edge for edge in self.levels)

    def windows(self) -> list[Window]:
        """Windows that cover the raster, in the file's own block order."""
        return windows_of(self.intensity)

    def read(self, window: Window) -> Block:
        """Read one window of the raster: values of every scenario, and the sources."""
        row, column, height, width = window
        rows, columns = slice(row, row + height), slice(column, column + width)
        values = self.intensity[:, rows, columns].to_numpy()
        if isinstance(self.source, xr.DataArray):
            return Block(window, values, np.asarray(self.source[rows, columns].to_numpy(), dtype=np.int32))
        return Block(window, values, self.source)

    def only(self, number: int) -> "Footprint":
        """Return the footprint of one scenario."""
        name = self.scenarios.index[number]
        if isinstance(self.intensity, gpd.GeoDataFrame):
            intensity = self.intensity[self.intensity["scenario"] == name]
        else:
            intensity = self.intensity[number : number + 1]
        return replace(self, intensity=intensity, scenarios=self.scenarios.iloc[number : number + 1])

    def scenarios_of(self, country: str) -> pd.DataFrame:
        """Table of scenarios as the maps of one country have them.

        The same as ``scenarios``, but where several maps were laid beside each other, with label, return period and
        probability of the country's own; missing where it has no map of a scenario, or two that differ.
        """
        own = None if self.maps is None else self.maps[self.maps["country"] == country]
        if own is None or own.empty:
            return self.scenarios
        table = self.scenarios.copy()
        for column in ("label", "return_period", "probability"):
            said = {name: list(dict.fromkeys(values)) for name, values in own.groupby("scenario")[column]}
            table[column] = [said[name][0] if len(said.get(name, ())) == 1 else None for name in table.index]
        return table.astype({"return_period": "float64", "probability": "float64"})

    def origins(self) -> list[str]:
        """Every origin that a source of this footprint has, sorted."""
        return sorted(self.shares["origin"].unique())


def scenario_table(scenarios: list[dict[str, Any]]) -> pd.DataFrame:
    """Table of scenarios, one row each, indexed by a short id.

    Parameters
    ----------
    scenarios : list of dict
        Keys ``id``, ``label`` (the original one), ``class`` (high, medium, low), ``return_period`` in years or None,
        ``probability`` per year or None, ``probability_kind`` (``exceedance``, ``occurrence`` or ``time``).
        Without a probability, the inverse of the return period is taken as exceedance.

    Returns
    -------
    DataFrame
        Indexed by ``scenario``; columns ``label, class, return_period, probability, probability_kind``.

    Raises
    ------
    FootprintError
        When two scenarios have one id, a return period is no number of years above 0, a probability is not above 0 and
        at most 1, or the two contradict each other.

    Examples
    --------
    >>> scenario_table([{"id": "T100", "label": "HQ100", "class": "medium", "return_period": 100}])["probability"]
    scenario
    T100    0.01
    Name: probability, dtype: float64
    """
    rows = []
    for number, scenario in enumerate(scenarios, start=1):
        period = scenario.get("return_period")
        if period is not None and not (is_number(period) and period > 0):
            raise FootprintError(
                f"scenario {number} has a return period of {period!r}; expected years above 0; leave it out if unknown"
            )
        probability = probability_of(scenario, number)
        identity = str(scenario.get("id") or (f"T{period:g}" if period else scenario.get("label") or f"s{number}"))
        rows.append(
            {
                "scenario": identity,
                "label": str(scenario.get("label") or identity),
                "class": scenario.get("class"),
                "return_period": float("nan") if period is None else float(period),
                "probability": float("nan") if probability is None else float(probability),
                "probability_kind": scenario.get("probability_kind", "exceedance"),
            }
        )
    table = pd.DataFrame(rows, columns=["scenario", *SCENARIO_COLUMNS]).set_index("scenario")
    if table.index.has_duplicates:
        twice = table.index[table.index.duplicated()][0]
        raise FootprintError(f"two scenarios are called {twice!r}; expected distinct ids; give each its own 'id'")
    return table


def weakest_status(layers: Iterable[xr.DataArray | gpd.GeoDataFrame], statuses: Iterable[str] = ()) -> str:
    """Return the weakest status among layers and others; a layer that does not say is taken as indicative.

    Examples
    --------
    >>> weakest_status([xr.DataArray(0), xr.DataArray(0, attrs={"layer": {"status": "synthetic"}})])
    'synthetic'
    >>> weakest_status([], ["official", "indicative"])
    'indicative'
    """
    found: list[str] = [layer.attrs.get("layer", {}).get("status") or "indicative" for layer in layers]
    return max([*found, *statuses], key=_STATUS.index, default="official")


def class_edges(levels: Any) -> tuple[float, ...]:
    """Return class edges as numbers; refuse what a study may say instead.

    Raises
    ------
    FootprintError
        When they are no numbers, or none is there.

    Examples
    --------
    >>> class_edges([-1, -1.5])
    (-1.0, -1.5)
    """
    several = isinstance(levels, Iterable) and not isinstance(levels, str)
    edges = tuple(levels) if several else ()
    if not edges or not all(map(is_number, edges)):
        raise FootprintError(f"the levels are {levels!r}; expected class edges such as [0.1, 0.5, 1]; correct them")
    return tuple(float(edge) for edge in edges)


def require_positive(**options: Any) -> None:
    """Refuse options that are no numbers above 0, as a study may say them.

    Raises
    ------
    FootprintError
        Naming the first of them.
    """
    for key, value in options.items():
        if not is_number(value) or value <= 0:
            raise FootprintError(f"{key} is {value!r}; expected a number above 0; correct it")


def _check_levels(levels: tuple[float, ...], worse: str) -> None:
    steps = np.diff(levels)
    if len(levels) == 0 or not np.isfinite(levels).all() or not (steps > 0 if worse == "higher" else steps < 0).all():
        raise FootprintError(
            f"levels are {list(levels)}; expected finite class edges from mild to bad ({worse} is worse); sort them"
        )


def _check_shares(shares: pd.DataFrame) -> None:
    if list(shares.columns) != ["source", "origin", "share"]:
        raise FootprintError(f"shares have the columns {list(shares.columns)}; expected source, origin, share")
    if (shares["share"] < 0).any() or shares["share"].isna().any():
        raise FootprintError("a share is negative or missing; expected numbers from 0 to 1")
    if shares.duplicated(["source", "origin"]).any():
        raise FootprintError("a source names an origin twice; expected one row each; add the shares up")
    mixed = shares["origin"].eq(NO_ORIGIN) & ~shares["share"].isin([0.0, 1.0])
    if mixed.any():
        raise FootprintError(
            f"source {shares.loc[mixed, 'source'].iloc[0]} has an origin in part; expected one, or {NO_ORIGIN!r} alone"
        )
    sums = shares.groupby("source")["share"].sum()
    off = sums.sub(1).abs()
    if (off > 1e-9).any():
        worst = off.idxmax()
        raise FootprintError(
            f"the shares of source {worst} sum to {sums[worst]:.6g}; expected 1; give the rest to 'unknown'"
        )


def _check_features(features: gpd.GeoDataFrame, scenarios: pd.DataFrame, shares: pd.DataFrame) -> None:
    missing = {"scenario", "intensity", "source"} - set(features.columns)
    if missing:
        raise FootprintError(f"features lack the columns {sorted(missing)}; expected scenario, intensity and source")
    strange = set(features["scenario"]) - set(scenarios.index)
    if strange:
        raise FootprintError(f"features name the scenarios {sorted(strange)}; expected some of {list(scenarios.index)}")
    lost = set(features["source"]) - set(shares["source"])
    if lost:
        raise FootprintError(f"the sources {sorted(lost)[:5]} have no shares; give each source at least one origin")
