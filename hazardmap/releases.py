"""What could be released at each site, and how far that reaches: the link from inventories to distances."""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, Literal, NamedTuple, get_args

import pandas as pd

from hazardmap.chemistry import Substance, Substances, effect_thresholds, generic_distances, substances, tonnes
from hazardmap.consequences import (
    Distance,
    Weather,
    blast_distance,
    bleve_distance,
    cloud_distance,
    mg_m3_from_ppm,
    tnt_mass_kg,
)
from hazardmap.errors import ReleaseError

__all__ = ["Effect", "EffectName", "Inventory", "Options", "effect_of", "inventories"]

EffectName = Literal["distance", "toxic", "heat", "overpressure"]

_UNITS = {"heat": "kW/m2", "overpressure": "kPa"}
_TOXIC = ("AEGL-2", "AEGL-3")
_SCHEME = "default"
_GUIDELINE = re.compile(r"(AEGL|ERPG)-([123])", re.IGNORECASE)
NONE = Distance(0.0, "nothing to be released")


class Options(NamedTuple):
    """What a hazard was asked about releases; see :func:`hazardmap.hazards.chemical.chemical`."""

    radius_m: float | Sequence[float] | None = None
    substance: str | None = None
    quantity_t: float | None = None
    release_min: float = 10.0
    thresholds: str | Sequence[float | str] | None = None
    substances: Substances | None = None

    @property
    def known(self) -> Substances:
        """The substances; those of the shipped table unless others are given."""
        return substances() if self.substances is None else self.substances


class Inventory(NamedTuple):
    """What a site holds, as far as is known."""

    substance: Substance | None
    quantity_t: float | None


class Effect(NamedTuple):
    """What is drawn around sites: its classes, and how far each reaches."""

    name: str
    units: str
    levels: tuple[float, ...]
    names: tuple[str, ...]
    distance: Callable[[int, int, Weather], Distance]
    """Takes the source, the number of the class, and the weather."""
    worse: Literal["higher", "lower"] = "higher"
    label: str = ""
    """Name of it as people read it; its own name where empty."""
    windy: bool = True
    """Whether the wind carries it."""
    modelled: bool = False
    """Whether its distances depend on the weather."""
    held: Mapping[int, Inventory] = {}
    """What each source holds, as far as is known."""
    notes: tuple[str, ...] = ()
    inputs: tuple[dict[str, Any], ...] = ()


def effect_of(name: str, sites: pd.DataFrame, options: Options, *, units: Any = None) -> Effect:
    """Choose the effect to draw.

    Parameters
    ----------
    name : {"distance", "toxic", "heat", "overpressure"}
    sites : DataFrame
        Indexed by ``source``, with ``name`` and perhaps ``substance, quantity, unit``.
    options : Options
    units : str or mapping, optional
        Units of the columns of the sites.

    Raises
    ------
    ReleaseError
        When options contradict each other, or a number cannot be.
    SubstanceError
        When a substance is not known.
    UnitsError
        When a quantity has no unit.
    """
    if name not in get_args(EffectName):
        raise ReleaseError(f"the effect is {name!r}; expected one of {', '.join(get_args(EffectName))}; correct it")
    if name == "distance" and options.radius_m is not None:
        return _given(options)._replace(held=inventories(sites, options, units=units))
    if options.radius_m is not None:
        raise ReleaseError(f"radius_m is given for the effect {name!r}; expected it for 'distance' only; leave it out")
    held = inventories(sites, options, units=units)
    unknown = [str(sites.loc[source, "name"]) for source, each in held.items() if each.substance is None]
    if unknown:
        raise ReleaseError(
            f"the site {unknown[0]!r} names no substance ({len(unknown)} of {len(sites)} sites); expected one for the "
            f"effect {name!r}; add a column 'substance', set 'substance', or give distances with 'radius_m'"
        )
    tables = options.known.inputs
    notes = _assumed(sites, options)
    if name == "distance":
        return _generic(held)._replace(held=held, notes=notes, inputs=tables)
    bare = [str(sites.loc[source, "name"]) for source, each in held.items() if each.quantity_t is None]
    if bare:
        raise ReleaseError(
            f"the site {bare[0]!r} has no quantity ({len(bare)} of {len(sites)} sites); expected one for the effect "
            f"{name!r}; add the columns 'quantity' and 'unit', or set 'quantity_t'"
        )
    notes += (*_left_out(name, held, options), *_indicative(name, options.thresholds))
    return _modelled(name, held, options)._replace(held=held, inputs=tables, notes=notes)


def _given(options: Options) -> Effect:
    """Draw distances that were given; nearer is worse."""
    given = options.radius_m
    values: list[Any] = list(given) if isinstance(given, list | tuple) else [given]
    if not values or not all(_number(each) and each > 0 for each in values):
        raise ReleaseError(f"radius_m is {given!r}; expected metres above 0, or a list of them; correct it")
    levels = tuple(sorted({float(each) for each in values}, reverse=True))
    return Effect(
        "distance",
        "m",
        levels,
        tuple(f"{each:g} m" for each in levels),
        lambda _, level, __: Distance(levels[level], "given"),
        worse="lower",
        label=" / ".join(f"{each / 1000:g} km" for each in reversed(levels)),
    )


def inventories(sites: pd.DataFrame, options: Options, *, units: Any = None) -> dict[int, Inventory]:
    """Read what each site holds from its columns ``substance, quantity, unit``, else from the options.

    Parameters
    ----------
    sites : DataFrame
        Indexed by ``source``.
    options : Options
    units : str or mapping, optional
        Unit of the column ``quantity``, where the sites have no column ``unit``.

    Returns
    -------
    dict of int to Inventory
        By source.
    """
    if options.quantity_t is not None and not (_number(options.quantity_t) and options.quantity_t > 0):
        raise ReleaseError(f"quantity_t is {options.quantity_t!r}; expected tonnes above 0; correct it")
    table = options.known
    by_column = str(units.get("quantity", "")) if isinstance(units, Mapping) else ""

    @cache
    def known(name: str) -> Substance:
        return table.find(name)

    found = {}
    for source, row in zip(sites.index, sites.to_dict("records"), strict=True):
        name, quantity = _said(row, "substance"), _said(row, "quantity")
        amount = options.quantity_t
        if quantity:
            unit = _said(row, "unit") or by_column
            amount = tonnes(f"{quantity} {unit}".strip(), what=f"the site {row['name']!r}")
        chosen = name or options.substance
        found[int(source)] = Inventory(known(str(chosen)) if chosen else None, amount)
    return found


def _said(row: Mapping[str, Any], key: str) -> str:
    value = row.get(key)
    if value is None or pd.isna(value):
        return ""
    return f"{value:g}" if isinstance(value, float) else str(value).strip()


def _assumed(sites: pd.DataFrame, options: Options) -> tuple[str, ...]:
    """Say what was assumed of sites that do not say it themselves."""
    notes = []
    for key, value in (("substance", options.substance), ("quantity", options.quantity_t)):
        own = sites[key].notna() & (sites[key].astype(str) != "") if key in sites.columns else pd.Series(dtype=bool)
        silent = len(sites) - int(own.sum())
        if value is not None and silent:
            said = f"{value:g} t" if key == "quantity" else str(value)
            notes.append(
                f"{said} was assumed as the {key} of {silent} of {len(sites)} sites: a what-if, not what they hold"
            )
    return tuple(notes)


def _generic(held: Mapping[int, Inventory]) -> Effect:
    """Draw the distance that a guide recommends for the class of each substance."""
    table = generic_distances("kas-18")

    def distance(source: int, _: int, __: Weather) -> Distance:
        substance = held[source].substance
        klass = substance.kas18 if substance is not None else ""
        return Distance(table[klass], f"generic distance, class {klass}") if klass in table else NONE

    return Effect("distance", "1", (1.0,), ("generic distance",), distance)


def _modelled(name: str, held: Mapping[int, Inventory], options: Options) -> Effect:
    """Draw how far a model reaches each threshold."""
    levels, names, units = _thresholds(name, options.thresholds)
    release_s = 60 * _minutes(options.release_min)

    by_name = {each.substance.name: each.substance for each in held.values() if each.substance is not None}

    @cache
    def reach(key: str, quantity_t: float, level: int, weather: Weather) -> Distance:
        substance, mass = by_name[key], 1000 * quantity_t
        if mass <= 0 or not _has(name, substance, names):
            return NONE
        if name == "toxic":
            return _toxic(substance, mass, _mg_m3(substance, names[level], levels[level]), release_s, weather)
        heat = substance.value("heat_of_combustion").value
        if name == "heat":
            return bleve_distance(levels[level], mass_kg=mass, heat_of_combustion_mj_kg=heat, weather=weather)
        return blast_distance(levels[level], tnt_kg=tnt_mass_kg(mass, heat))

    def distance(source: int, level: int, weather: Weather) -> Distance:
        substance, quantity = held[source]
        return NONE if substance is None else reach(substance.name, quantity or 0.0, level, weather)

    toxic = name == "toxic"
    return Effect(name, units, levels, names, distance, windy=toxic, modelled=toxic)


def _toxic(substance: Substance, mass_kg: float, threshold: float, release_s: float, weather: Weather) -> Distance:
    cold = substance.value("boiling_point").value if substance.has("boiling_point") else weather.temperature_c
    return cloud_distance(
        threshold,
        molar_mass_g_mol=substance.molar_mass_g_mol,
        weather=weather,
        rate_kg_s=mass_kg / release_s if release_s else None,
        mass_kg=None if release_s else mass_kg,
        temperature_c=min(cold, weather.temperature_c),
    )


def _has(effect: str, substance: Substance, names: Sequence[str]) -> bool:
    """Whether what an effect needs is known of a substance."""
    if effect != "toxic":
        return substance.has("heat_of_combustion")
    return all(not _GUIDELINE.fullmatch(name) or substance.has(name.lower(), 60) for name in names)


def _left_out(name: str, held: Mapping[int, Inventory], options: Options) -> tuple[str, ...]:
    """Say which substances the effect says nothing about."""
    _, names, _ = _thresholds(name, options.thresholds)
    without = sorted({e.substance.name for e in held.values() if e.substance and not _has(name, e.substance, names)})
    count = sum(e.substance is not None and e.substance.name in without for e in held.values())
    if not without:
        return ()
    return (f"{name}: {count} of {len(held)} sites left out, what is needed is not known of {', '.join(without[:5])}",)


def _mg_m3(substance: Substance, name: str, level: float) -> float:
    if _GUIDELINE.fullmatch(name):
        return substance.threshold_mg_m3(name.lower(), 60)
    return float(mg_m3_from_ppm(level, substance.molar_mass_g_mol))


def _thresholds(
    effect: str, given: str | Sequence[float | str] | None
) -> tuple[tuple[float, ...], tuple[str, ...], str]:
    """Return class edges, their names, and their units."""
    if effect != "toxic" and (given is None or isinstance(given, str)):
        given = _of_scheme(effect, given or _SCHEME)["value"].tolist()
    given = _TOXIC if given is None else given
    values: list[Any] = list(given) if isinstance(given, list | tuple) else [given]
    named = [_GUIDELINE.fullmatch(each) for each in values if isinstance(each, str)] if effect == "toxic" else []
    if named and len(named) == len(values) and all(named):
        matches = [match for match in named if match is not None]
        families = {match[1].upper() for match in matches}
        if len(families) == 1:
            tiers = sorted({int(match[2]) for match in matches})
            family = families.pop()
            return tuple(float(each) for each in tiers), tuple(f"{family}-{each}" for each in tiers), family
    if not values or not all(_number(each) and each > 0 for each in values):
        names = "AEGL-1 to -3 or ERPG-1 to -3, or ppm" if effect == "toxic" else _UNITS[effect]
        raise ReleaseError(f"the thresholds are {values!r}; expected numbers above 0 ({names}); correct them")
    levels = tuple(sorted({float(each) for each in values}))
    units = _UNITS.get(effect, "ppm")
    return levels, tuple(f"{each:g} {units}" for each in levels), units


def _of_scheme(effect: str, scheme: str) -> pd.DataFrame:
    """Return the thresholds of a scheme that can be drawn: a dose has no distance of its own."""
    table = effect_thresholds(scheme, effect)
    return table[table["unit"] == _UNITS[effect]]


def _indicative(effect: str, given: Any) -> tuple[str, ...]:
    """Say which thresholds of a named scheme nobody has read in their source."""
    if effect not in _UNITS or not isinstance(given, str):
        return ()
    weak = _of_scheme(effect, given).query("status == 'K'")
    named = ", ".join(f"{row['level']} {row['value']:g} {row['unit']}" for row in weak.to_dict("records"))
    return (f"{effect}: thresholds of {given} are indicative ({named}); verify them",) if named else ()


def _minutes(value: Any) -> float:
    if not _number(value) or value < 0:
        raise ReleaseError(f"release_min is {value!r}; expected minutes, 0 or more; correct it")
    return float(value)


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < float("inf")
