"""Zones that rules name: attention areas of the Netherlands, and the thresholds that rings are drawn at."""

from collections.abc import Callable
from dataclasses import replace
from typing import Literal

from hazardmap.consequences.distance import CAPPED, Distance
from hazardmap.consequences.numbers import require_positive
from hazardmap.consequences.toxic import indoor_share
from hazardmap.errors import ReleaseError

__all__ = ["HEAT_KW_M2", "OVERPRESSURE_KPA", "TOXIC", "attention_area"]

HEAT_KW_M2 = (3.0, 10.0, 20.0, 35.0)
OVERPRESSURE_KPA = (2.0, 5.0, 10.0, 30.0)
TOXIC = ("aegl-2", "aegl-3")
"""Thresholds that rings are drawn at, unless others are given."""

FIRE_KW_M2, EXPLOSION_KPA = 10.0, 10.0
TOXIC_MOST_M, TOXIC_MINUTES = 1500.0, 30.0


def attention_area(
    kind: Literal["fire", "explosion", "toxic"],
    distance_to: Callable[[float], Distance],
    *,
    indoor_mg_m3: float | None = None,
    air_changes_per_hour: float = 1.0,
) -> Distance:
    """Return the reach of a Dutch attention area (Besluit kwaliteit leefomgeving, art. 5.12).

    Fire: 10 kW/m2. Explosion: 10 kPa. Toxic cloud: where the concentration indoors after 30 minutes is at least a
    life-threatening one, at most 1.5 km. The cloud is taken as steady for those 30 minutes.

    Parameters
    ----------
    kind : {"fire", "explosion", "toxic"}
    distance_to : function
        From a threshold to a :class:`Distance`, in kW/m2, kPa, or mg/m3 outdoors.
    indoor_mg_m3 : float, optional
        Toxic only: the concentration indoors, such as the Dutch life-threatening value (LBW) for 30 minutes.
    air_changes_per_hour : float
        Of houses, for a toxic cloud.

    Raises
    ------
    ReleaseError
        When there is no such kind, or a toxic one has no concentration.

    Examples
    --------
    >>> from hazardmap.consequences import blast_distance
    >>> round(attention_area("explosion", lambda kpa: blast_distance(kpa, tnt_kg=396)).distance_m)
    99
    """
    if kind == "fire":
        return distance_to(FIRE_KW_M2)
    if kind == "explosion":
        return distance_to(EXPLOSION_KPA)
    if kind != "toxic":
        raise ReleaseError(f"there is no attention area {kind!r}; expected fire, explosion or toxic; correct it")
    if indoor_mg_m3 is None:
        raise ReleaseError(
            "a toxic attention area has no concentration; expected indoor_mg_m3, the life-threatening value for 30 min"
        )
    inside = float(indoor_share(TOXIC_MINUTES, air_changes_per_hour=air_changes_per_hour))
    found = distance_to(require_positive(indoor_mg_m3, "the concentration indoors", "mg/m3") / inside)
    if found.distance_m <= TOXIC_MOST_M:
        return found
    flag = f"{CAPPED} ({TOXIC_MOST_M / 1000:g} km, the rule for attention areas)"
    return replace(found, distance_m=TOXIC_MOST_M, flags=(*found.flags, flag))
