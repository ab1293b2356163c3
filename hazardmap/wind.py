"""Where the wind carries a cloud: the sector of one wind, and how often a place lies in the clouds of a wind rose.

Directions are where the wind comes FROM, clockwise from north; a cloud goes the other way. Sectors are drawn in metres
east and north of the source.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from hazardmap.consequences import Weather, plume_sigmas_m
from hazardmap.errors import ReleaseError

__all__ = [
    "CALM_MS",
    "Sector",
    "exposure_probability",
    "half_angle_deg",
    "rose_of_components",
    "sector_shape",
    "sectors_of_rose",
    "weathers_of",
    "wind_rose",
]

Floats = npt.NDArray[np.float64]
Reach = Callable[[Weather], float]

CALM_MS = 1.0
"""A slower wind has no direction: its clouds go anywhere."""

_COLUMNS = ("from_deg", "speed_ms", "stability", "frequency")


class Sector(NamedTuple):
    """Part of a disc around a source: its radius in metres, and its edges clockwise from north, in degrees."""

    radius_m: float
    start_deg: float
    stop_deg: float


def half_angle_deg(distance_m: float, weather: Weather) -> float:
    """Half-angle of the sector that stands for a plume which just reaches a distance, seen where it is widest.

    On its axis a plume on the ground thins out as ``1 / (sy sz)``, so that its edge lies at
    ``y = sy sqrt(2 ln(sy sz (R) / sy sz))`` whatever is released (Briggs, as in ISC3).

    Parameters
    ----------
    distance_m : float
        How far the plume reaches.
    weather : Weather

    Returns
    -------
    float
        Degrees; larger in unstable air.

    Examples
    --------
    >>> [round(half_angle_deg(5000, Weather(wind_speed_ms=4, stability=each)), 1) for each in "ADF"]
    [15.8, 5.2, 2.6]
    """
    x = distance_m * np.linspace(0.001, 1.0, 1000)
    across, up = plume_sigmas_m(x, weather.stability, weather.terrain)
    area = across * up
    edge = across * np.sqrt(2 * np.log(area[-1] / area))
    widest = int(np.argmax(edge))
    return float(np.degrees(np.arctan2(edge[widest], x[widest])))


def sector_shape(sector: Sector) -> shapely.Polygon:
    """Draw a sector in metres east and north of its source, its arc in steps of a degree.

    The arc lies so that each step has the area of the circle's.

    Examples
    --------
    >>> round(sector_shape(Sector(1000.0, 30.0, 60.0)).area / (3.141592653589793 * 1000**2 / 12), 9)
    1.0
    """
    width = sector.stop_deg - sector.start_deg
    steps = max(1, int(np.ceil(width - 1e-9)))
    angle = np.radians(np.linspace(sector.start_deg, sector.stop_deg, steps + 1))
    step = np.radians(width / steps)
    radius = sector.radius_m * np.sqrt(step / np.sin(step))
    arc = radius * np.column_stack([np.sin(angle), np.cos(angle)])
    return shapely.Polygon(np.vstack([[0.0, 0.0], arc]))


def wind_rose(table: pd.DataFrame | Sequence[dict[str, Any]]) -> pd.DataFrame:
    """Check a wind rose.

    Parameters
    ----------
    table : DataFrame or sequence of mapping
        Columns ``from_deg`` (middle of a sector; the sectors are equally wide and go round; missing where calm),
        ``speed_ms, stability, frequency``. The frequencies are shares or per cent of the time. A frequency may stand in
        the column ``value``, as in a table of parameters.

    Returns
    -------
    DataFrame
        These columns; the frequencies add up to 1. Below 1 m/s a wind is calm, and has no direction.

    Raises
    ------
    ReleaseError
        When a column is absent, a wind cannot be, directions do not go round in equal steps, or frequencies do not
        add up.

    Examples
    --------
    >>> rose = wind_rose([{"from_deg": 90 * k, "speed_ms": 4, "stability": "D", "frequency": 25} for k in range(4)])
    >>> rose["frequency"].tolist()
    [0.25, 0.25, 0.25, 0.25]
    """
    try:
        rose = pd.DataFrame(table)
    except (TypeError, ValueError):
        raise ReleaseError(
            f"the wind rose is {table!r}; expected rows with {', '.join(_COLUMNS)}; correct it"
        ) from None
    if "frequency" not in rose.columns:
        rose = rose.rename(columns={"value": "frequency"})
    absent = [name for name in _COLUMNS if name not in rose.columns]
    if absent:
        raise ReleaseError(f"the wind rose has no column {absent[0]!r}; expected {', '.join(_COLUMNS)}; add it")
    rose = rose[list(_COLUMNS)].reset_index(drop=True)
    for name in ("from_deg", "speed_ms", "frequency"):
        numbers = pd.to_numeric(rose[name], errors="coerce")
        odd = rose.loc[numbers.isna() & rose[name].notna() & (rose[name] != ""), name]
        if len(odd):
            raise ReleaseError(f"the wind rose holds {odd.iloc[0]!r} under {name}; expected a number; correct it")
        rose[name] = numbers.astype(float)
    calm = rose["speed_ms"] < CALM_MS
    rose.loc[calm, "from_deg"] = np.nan
    for row in rose.itertuples(index=False):
        Weather(wind_speed_ms=row.speed_ms, stability=row.stability, wind_from_deg=_known(row.from_deg))
    if rose.loc[~calm, "from_deg"].isna().any():
        raise ReleaseError(
            "the wind rose has a wind without a direction that is not calm; expected from_deg; "
            f"leave it out only below {CALM_MS:g} m/s"
        )
    _directions(rose)
    return rose.assign(frequency=_shares(rose["frequency"]))


def _known(angle: float) -> float | None:
    return None if np.isnan(angle) else float(angle)


def _shares(frequency: pd.Series) -> pd.Series:
    total = float(frequency.sum())
    if frequency.isna().any() or (frequency < 0).any():
        raise ReleaseError("a frequency of the wind rose is negative or missing; expected 0 or more; correct it")
    if not (0.98 <= total <= 1.02 or 98 <= total <= 102):
        raise ReleaseError(
            f"the frequencies of the wind rose add up to {total:g}; expected 1 or 100 (per cent); correct them"
        )
    return frequency / total


def _directions(rose: pd.DataFrame) -> Floats:
    """Return the middles of the sectors; they must go round in equal steps."""
    found = np.unique(rose["from_deg"].dropna().to_numpy() % 360)
    if len(found) == 0:
        return np.array([0.0])
    steps = np.diff(np.append(found, found[0] + 360))
    if len(found) < 3 or not np.allclose(steps, 360 / len(found), atol=0.51):
        raise ReleaseError(
            f"the directions of the wind rose are {found.tolist()}; expected three or more in equal steps all round; "
            "give each direction, with frequency 0 where there is none"
        )
    return found


def rose_of_components(
    u: Any, v: Any, *, stability: str = "D", sectors: int = 12, speeds_ms: Sequence[float] = (1.0, 3.0, 6.0)
) -> pd.DataFrame:
    """Count winds into a rose.

    Parameters
    ----------
    u, v : DataArray or array_like
        Eastward and northward wind at 10 m in m/s, of the same shape; missing values are left out.
    stability : str
        Pasquill class of all of them: wind alone does not tell it.
    sectors : int
        How many directions.
    speeds_ms : sequence of float
        Lower edges of the speed classes; slower winds are calm. A class stands for its mean speed.

    Returns
    -------
    DataFrame
        As :func:`wind_rose` returns.

    Raises
    ------
    ReleaseError
        When the arrays differ in shape, or hold no wind.

    Examples
    --------
    A wind that blows to the east comes from the west:

    >>> rose = rose_of_components([3.0, 3.0, 0.1], [0.0, 0.0, 0.0], sectors=4)
    >>> rose[rose["frequency"] > 0].round(3).values.tolist()
    [[270.0, 3.0, 'D', 0.667], [nan, 0.1, 'D', 0.333]]
    """
    east, north = np.asarray(u, dtype=np.float64), np.asarray(v, dtype=np.float64)
    if east.shape != north.shape:
        raise ReleaseError(f"u has the shape {east.shape} and v {north.shape}; expected the same; align them")
    both = np.isfinite(east) & np.isfinite(north)
    east, north = east[both], north[both]
    if not len(east):
        raise ReleaseError("the components hold no wind; expected at least one u and v; check for missing values")
    speed = np.hypot(east, north)
    width = 360 / sectors
    sector = np.floor((np.degrees(np.arctan2(-east, -north)) + width / 2) % 360 / width).astype(int) % sectors
    edges = np.maximum(np.asarray(speeds_ms, dtype=np.float64), CALM_MS)
    klass = np.searchsorted(edges, speed, side="right") - 1
    rows = [
        (width * k, float(speed[klass == c].mean()), stability, float(((klass == c) & (sector == k)).mean()))
        for c in np.unique(klass[klass >= 0])
        for k in range(sectors)
    ]
    if (klass < 0).any():
        rows.append((np.nan, float(min(speed[klass < 0].mean(), 0.999)), stability, float((klass < 0).mean())))
    return wind_rose(pd.DataFrame(rows, columns=list(_COLUMNS)))


class _Class(NamedTuple):
    """Winds of one speed and stability: how they are spread over the directions that clouds go."""

    weather: Weather
    edges_deg: Floats  # (n + 1,) of the sectors, ascending over a full turn
    until: Floats  # (n + 1,) share of the time with a cloud between the first edge and each

    def between(self, start_deg: Floats, stop_deg: Floats) -> Floats:
        """Share of the time in which a cloud goes between two bearings."""
        return self._up_to(stop_deg) - self._up_to(start_deg)

    def _up_to(self, bearing_deg: Floats) -> Floats:
        turns, rest = np.divmod(bearing_deg - self.edges_deg[0], 360.0)
        within = np.interp(rest, self.edges_deg - self.edges_deg[0], self.until)
        return np.asarray(turns * self.until[-1] + within)


def _classes(rose: pd.DataFrame, terrain: str) -> list[_Class]:
    middles = _directions(rose)
    width = 360 / len(middles)
    edges = (middles[0] + 180.0 - width / 2) + width * np.arange(len(middles) + 1)
    found = []
    for (speed, stability), own in rose.groupby(["speed_ms", "stability"], sort=True):
        share = np.zeros(len(middles))
        known = own["from_deg"].notna()
        sector = np.round((own.loc[known, "from_deg"] % 360 - middles[0]) / width).astype(int) % len(middles)
        np.add.at(share, sector.to_numpy(), own.loc[known, "frequency"].to_numpy())
        share += own.loc[~known, "frequency"].sum() / len(middles)
        weather = Weather(wind_speed_ms=float(speed), stability=stability, terrain=terrain)  # type: ignore[arg-type]
        found.append(_Class(weather, edges, np.concatenate([[0.0], np.cumsum(share)])))
    return found


def weathers_of(rose: pd.DataFrame, terrain: str = "rural") -> list[Weather]:
    """Return the kinds of wind in a rose: each speed and stability once."""
    return [each.weather for each in _classes(rose, terrain)]


def exposure_probability(
    bearing_deg: npt.ArrayLike,
    distance_m: npt.ArrayLike,
    rose: pd.DataFrame,
    reach: Reach,
    *,
    half_angle: Callable[[float, Weather], float] = half_angle_deg,
    terrain: str = "rural",
) -> Floats:
    """Probability that a place lies in the cloud of a release at some time, given the winds of a rose.

    The winds of a sector are spread evenly over it, calm ones over all directions; the place is in the cloud where it
    is nearer than the cloud reaches in that wind, and within its half-angle.

    Parameters
    ----------
    bearing_deg, distance_m : array_like
        Of the places as seen from the source: clockwise from north, and metres.
    rose : DataFrame
        From :func:`wind_rose`.
    reach : function
        Takes a :class:`~hazardmap.consequences.Weather`, returns metres.
    half_angle : function
        Takes a distance in metres and a weather, returns degrees.
    terrain : {"rural", "urban"}

    Returns
    -------
    ndarray of float
        0 to 1, given that something is released.

    Examples
    --------
    An even rose and a cloud of a tenth of the circle:

    >>> rose = wind_rose([{"from_deg": 90 * k, "speed_ms": 4, "stability": "D", "frequency": 25} for k in range(4)])
    >>> print(exposure_probability([0, 33], [500, 1500], rose, lambda _: 1000.0, half_angle=lambda *_: 18.0))
    [0.1 0. ]
    """
    bearing, distance = np.broadcast_arrays(np.asarray(bearing_deg, float), np.asarray(distance_m, float))
    found = np.zeros(bearing.shape)
    for each in _classes(rose, terrain):
        farthest = reach(each.weather)
        if farthest <= 0:
            continue
        half = min(half_angle(farthest, each.weather), 180.0)
        found += np.where(distance <= farthest, each.between(bearing - half, bearing + half), 0.0)
    return found


def sectors_of_rose(
    rose: pd.DataFrame, reach: Reach, probabilities: Sequence[float], *, terrain: str = "rural"
) -> list[list[Sector]]:
    """Area around a source in which the probability of exposure is at least each of several values.

    Farther out a place lies in fewer clouds, so that such an area is made of sectors, here in steps of a degree.

    Parameters
    ----------
    rose : DataFrame
        From :func:`wind_rose`.
    reach : function
        Takes a :class:`~hazardmap.consequences.Weather`, returns metres.
    probabilities : sequence of float
    terrain : {"rural", "urban"}

    Returns
    -------
    list of list of Sector
        One list per probability; empty where nothing is that probable.
    """
    bearing = np.arange(360) + 0.5
    farthest = {each.weather: reach(each.weather) for each in _classes(rose, terrain)}
    rings = sorted({distance for distance in farthest.values() if distance > 0})
    inside = [
        exposure_probability(bearing, ring, rose, lambda weather: farthest[weather], terrain=terrain) for ring in rings
    ]
    found = []
    for least in probabilities:
        radius = np.zeros(360)
        for ring, probable in zip(rings, inside, strict=True):
            radius[probable >= least - 1e-12] = ring
        found.append(_runs(radius))
    return found


def _runs(radius: Floats) -> list[Sector]:
    """Join neighbouring degrees of one radius, at most a quarter turn each so that a sector is convex."""
    starts = np.flatnonzero(np.append(True, (np.diff(radius) != 0) | (np.arange(1, 360) % 90 == 0)))
    stops = np.append(starts[1:], 360)
    pairs = zip(starts.tolist(), stops.tolist(), strict=True)
    return [Sector(float(radius[a]), float(a), float(b)) for a, b in pairs if radius[a] > 0]
