"""What a page tells of a territory: how much is reached, from where, how that compares with the neighbours."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from hazardmap.exposure import Exposure
from hazardmap.exposure.rows import OUTSIDE
from hazardmap.footprint import NO_ORIGIN
from hazardmap.scenarios import first_shown

__all__ = ["Figures", "Place", "is_foreign", "neighbours_of", "places_of"]

_CODE = re.compile("[A-Z]{2}")
_UNKNOWN = "unknown"
# All of it, but for rounding.
_WHOLE = 1 - 1e-9
_Part = tuple[str, float, float]
_ORIGIN, _LEVEL = 0, 1

_MOST_SCENARIOS = 6
_MOST_ASSETS = 20
# Two borders this close, in metres or degrees, are one: layers drawn by different hands leave slits.
_TOUCH = {True: 0.002, False: 200.0}


@dataclass(frozen=True)
class Place:
    """A territory, or a country made of several: what has a page of its own.

    Parameters
    ----------
    id : str
    country : str
    names : dict of str to str
        By language, and ``""`` for the name in its own.
    members : tuple of str
        Ids of the territories that it is made of.
    whole : bool
        Whether it stands for a country.
    """

    id: str
    country: str
    names: dict[str, str]
    members: tuple[str, ...]
    whole: bool = False

    def name(self, language: str) -> str:
        """Return its name in a language, else in its own."""
        return self.names.get(language) or self.names.get("") or self.id


def places_of(territories: gpd.GeoDataFrame) -> list[Place]:
    """Return a place for every territory, and one for every country that has several, sorted by country and id.

    Examples
    --------
    >>> land = gpd.GeoDataFrame({"id": ["NL-1", "NL-2", "LU"], "country": ["NL", "NL", "LU"]})
    >>> [place.id for place in places_of(land)]
    ['LU', 'NL', 'NL-1', 'NL-2']
    """
    found = []
    for country, group in territories.groupby(territories["country"].astype(str), sort=True):
        rows = [_place(row, str(country)) for row in group.to_dict("records")]
        members = tuple(sorted(place.id for place in rows))
        if len(rows) > 1:
            found.append(Place(str(country), str(country), {}, members, whole=True))
        found += sorted(rows, key=lambda place: place.id)
    return found


def neighbours_of(territories: gpd.GeoDataFrame) -> dict[str, list[str]]:
    """Return the ids of the territories that touch each territory, sorted."""
    shapes = territories.geometry.to_numpy()
    reach = _TOUCH[bool(territories.crs is not None and territories.crs.is_geographic)]
    one, other = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=reach)
    ids = territories["id"].astype(str).to_numpy()
    found: dict[str, list[str]] = {name: [] for name in ids}
    for a, b in zip(one, other, strict=True):
        if a != b:
            found[ids[a]].append(str(ids[b]))
    return {name: sorted(others) for name, others in found.items()}


def is_foreign(origin: str, country: str) -> bool:
    """Say whether an origin is a known country, and another one.

    Examples
    --------
    >>> [is_foreign(origin, "NL") for origin in ("BE", "NL", "unknown")], is_foreign("BE", "outside")
    ([True, False, False], False)
    """
    return country not in (origin, OUTSIDE) and _CODE.fullmatch(origin) is not None


@dataclass(frozen=True)
class Figures:
    """The figures of one hazard, ready to be asked for by place."""

    exposure: Exposure

    @cached_property
    def flows(self) -> pd.DataFrame:
        """Flows, those without an origin too, with the country of each territory."""
        land = self.exposure.territories
        country = dict(zip(land["id"].astype(str), land["country"].astype(str), strict=True))
        flows = self.exposure.flows(without_origin=True)
        return flows.assign(country=flows["territory"].astype(str).map(country).fillna(OUTSIDE))

    @cached_property
    def measures(self) -> list[tuple[str, str]]:
        """Measures with their units: people first, then areas, then what is counted."""
        pairs = self.flows[["measure", "unit"]].drop_duplicates().itertuples(index=False, name=None)
        return sorted(pairs, key=lambda pair: (_rank(*pair), pair))

    @cached_property
    def scenario(self) -> str:
        """The scenario that stands for the hazard: the one that the map opens on, see :func:`first_shown`.

        Of months, clouds and others of which neither class nor probability is known, the order does not say which one
        matters, and a page cannot be slid along them: here the one that reaches most stands for the hazard.
        """
        known = self.exposure.footprint.scenarios
        if known["probability"].notna().any() or known["class"].eq("medium").any() or not self.measures:
            return str(known.index[first_shown(known["class"])])
        measure, unit = self.measures[0]
        first = self.flows[(self.flows["measure"] == measure) & (self.flows["unit"] == unit)]
        return str(first.groupby("scenario", sort=False)["attributed"].sum().idxmax())

    @property
    def scenarios(self) -> list[str]:
        """Scenarios side by side; of a long series only the one that stands for it."""
        every = [str(name) for name in self.exposure.footprint.scenarios.index]
        return every if len(every) <= _MOST_SCENARIOS else [self.scenario]

    def reached(self, place: Place) -> list[dict[str, Any]]:
        """Per measure: ``measure, unit, totals``, one per scenario: ``value``, shares ``abroad`` and ``unknown``."""
        return [
            {
                "measure": measure,
                "unit": unit,
                "totals": [self._total(place, scenario, (measure, unit)) for scenario in self.scenarios],
            }
            for measure, unit in self.measures
        ]

    def touches(self, place: Place) -> bool:
        """Whether anything is reached in any of the scenarios side by side."""
        return any(total["value"] for row in self.reached(place) for total in row["totals"])

    def summary(self, place: Place) -> dict[str, Any] | None:
        """Return the first measure that is reached in the standing scenario: ``measure, unit, total, worst`` origin."""
        for pair in self.measures:
            total = self._total(place, self.scenario, pair)
            if total["value"]:
                sums = self._sums(place, pair, by=_ORIGIN)
                worst = max(sorted(sums), key=sums.__getitem__)
                return {"pair": pair, "total": total, "origin": worst, "share": sums[worst] / total["value"]}
        return None

    def present(self, place: Place) -> list[tuple[str, str]]:
        """Return the measures of which anything is reached in the standing scenario."""
        return [pair for pair in self.measures if self._total(place, self.scenario, pair)["value"]]

    def origins(self, place: Place) -> list[dict[str, Any]]:
        """Per origin, greatest first: ``origin, values`` (one per present measure), ``share`` of the first of them."""
        sums = [self._sums(place, pair, by=_ORIGIN) for pair in self.present(place)]
        if not sums:
            return []
        first, total = sums[0], sum(sums[0].values())
        order = sorted(
            {origin for each in sums for origin in each}, key=lambda origin: (-first.get(origin, 0.0), origin)
        )
        return [
            {
                "origin": origin,
                "values": [each.get(origin, 0.0) for each in sums],
                "share": first.get(origin, 0.0) / total,
            }
            for origin in order
        ]

    def classes(self, place: Place) -> list[dict[str, Any]]:
        """Per class, from mild to bad: ``level, values`` (one per present measure)."""
        sums = [self._sums(place, pair, by=_LEVEL) for pair in self.present(place)]
        levels = self.exposure.footprint.levels
        return [{"level": level, "values": [each.get(level, 0.0) for each in sums]} for level in levels]

    def compared(self, places: Sequence[Place]) -> list[dict[str, Any]]:
        """Per place in the standing scenario: ``place, totals`` (one per measure), ``coverage``."""
        return [
            {
                "place": place,
                "totals": [self._total(place, self.scenario, pair) for pair in self.measures],
                "coverage": self.coverage(place),
            }
            for place in places
        ]

    def coverage(self, place: Place, scenario: str | None = None) -> float | None:
        """Share of the place's area that the hazard data cover, 0 to 1; by default in the standing scenario."""
        keys = [(scenario or self.scenario, member) for member in place.members]
        known = [self._covered[key] for key in keys if key in self._covered]
        area = sum(whole for whole, _ in known)
        return sum(part for _, part in known) / area if area > 0 else None

    def worst(self, place: Place) -> list[dict[str, Any]]:
        """Return the assets that are reached most strongly in the standing scenario, each once, worst first."""
        hits = self._hits[self._hits["territory"].isin(place.members)].drop_duplicates(["layer", "asset"])
        return [
            {
                "layer": row.layer,
                "name": _told(row.name) or _told(row.asset),
                "intensity": row.worst,
                "foreign": row.abroad,
            }
            for row in hits.head(_MOST_ASSETS).itertuples(index=False)
        ]

    def sends(self, country: str) -> list[dict[str, Any]]:
        """Return what a country sends to others in the standing scenario: ``country, values`` (one per measure)."""
        flows = self.flows
        own = flows[(flows["scenario"] == self.scenario) & (flows["origin"] == country) & (flows["country"] != country)]
        sums = own.groupby(["country", "measure", "unit"])["attributed"].sum()
        found = sorted(own["country"].astype(str).unique())
        return [
            {"country": to, "values": [float(sums.get((to, *pair), 0.0)) for pair in self.measures]} for to in found
        ]

    def matrix(self) -> dict[str, Any] | None:
        """Return who sends what to whom in the standing scenario, of the first measure that comes from anywhere.

        Returns
        -------
        dict, optional
            ``measure, unit, rows``: per origin, what it sends to each country. None where nothing has an origin.
        """
        flows = self.flows[(self.flows["origin"] != "none") & (self.flows["scenario"] == self.scenario)]
        for measure, unit in self.measures:
            own = flows[(flows["measure"] == measure) & (flows["unit"] == unit)]
            if len(own):
                table = own.pivot_table(
                    index="origin", columns="country", values="attributed", aggfunc="sum", fill_value=0.0
                )
                sent = [(str(origin), {str(k): float(v) for k, v in row.items()}) for origin, row in table.iterrows()]
                return {"measure": measure, "unit": unit, "rows": [{"origin": o, "sent": each} for o, each in sent]}
        return None

    @cached_property
    def _parts(self) -> dict[tuple[str, str, str, str], list[_Part]]:
        """Attributed amounts by territory, scenario, measure and unit."""
        found: dict[tuple[str, str, str, str], list[_Part]] = {}
        columns = ["territory", "scenario", "measure", "unit", "origin", "level", "attributed"]
        for territory, scenario, measure, unit, *part in self.flows[columns].itertuples(index=False, name=None):
            found.setdefault((str(territory), str(scenario), measure, unit), []).append(
                (str(part[0]), part[1], part[2])
            )
        return found

    def _of(self, place: Place, scenario: str, pair: tuple[str, str]) -> list[_Part]:
        return [part for member in place.members for part in self._parts.get((member, scenario, *pair), ())]

    def _sums(self, place: Place, pair: tuple[str, str], *, by: int) -> dict[Any, float]:
        """Add up the amounts in the standing scenario by origin or by level."""
        found: dict[Any, float] = {}
        for part in self._of(place, self.scenario, pair):
            found[part[by]] = found.get(part[by], 0.0) + part[2]
        return found

    def _total(self, place: Place, scenario: str, pair: tuple[str, str]) -> dict[str, Any]:
        parts = self._of(place, scenario, pair)
        value = sum(part[2] for part in parts)
        abroad = sum(part[2] for part in parts if is_foreign(part[0], place.country))
        nobody = sum(part[2] for part in parts if part[0] in (NO_ORIGIN, _UNKNOWN))
        unknown = sum(part[2] for part in parts if part[0] == _UNKNOWN)
        return {
            "value": value,
            # where nothing is known of the origin, "0 %" would say that nothing comes from abroad
            "abroad": abroad / value if nobody < value * _WHOLE else None,
            "unknown": unknown / value if value > 0 else 0.0,
        }

    @cached_property
    def _covered(self) -> dict[tuple[str, str], tuple[float, float]]:
        """Area of each territory, and what of it is covered, by scenario."""
        own = self.exposure.assets[self.exposure.assets["kind"] == "territory"]
        part = own["amount"] * own["covered_fraction"]
        keys = zip(own["scenario"].astype(str), own["territory"].astype(str), strict=True)
        return dict(zip(keys, zip(own["amount"], part, strict=True), strict=True))

    @cached_property
    def _hits(self) -> pd.DataFrame:
        """Assets that are hit in the standing scenario, worst first."""
        rows, higher = self.exposure.assets, self.exposure.footprint.worse == "higher"
        hits = rows[(rows["kind"] == "asset") & (rows["scenario"] == self.scenario) & (rows["status"] == "hit")]
        shares = self.exposure.shares
        unknown = shares[shares["origin"] == _UNKNOWN].groupby("row")["share"].sum()
        table = pd.DataFrame(
            {
                **{name: hits[name] for name in ("layer", "asset", "name", "territory")},
                "worst": hits["maximum" if higher else "minimum"].astype(float),
                "abroad": hits["foreign_share"].astype(float).mask(unknown.reindex(hits.index) > _WHOLE),
            }
        )
        return table.sort_values(["worst", "layer", "asset"], ascending=[not higher, True, True])


def _place(row: dict[str, Any], country: str) -> Place:
    identity = str(row["id"])
    names = {key.removeprefix("name_"): _told(value) for key, value in row.items() if str(key).startswith("name_")}
    names = {language: name for language, name in names.items() if name}
    return Place(identity, country, {**names, "": _told(row.get("name")) or identity}, (identity,))


def _told(value: Any) -> str:
    return "" if value is None or pd.isna(value) else str(value)


def _rank(measure: str, unit: str) -> int:
    """Order of measures: people counted cell by cell, people in places, areas, money, everything else."""
    if unit == "people":
        return 0
    if unit.startswith("people"):
        return 1
    if unit == "km2":
        return 2 if measure == "territories" else 3
    return 4
