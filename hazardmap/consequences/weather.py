"""The weather of a release: wind, stability, terrain."""

from dataclasses import dataclass
from typing import Literal

from hazardmap.consequences.numbers import flags_where, require_one_of, require_positive, require_range

__all__ = ["DAY", "NIGHT", "Stability", "Terrain", "Weather", "gas_density_kg_m3", "stability_class"]

Stability = Literal["A", "B", "C", "D", "E", "F"]
Terrain = Literal["rural", "urban"]

STABILITIES = ("A", "B", "C", "D", "E", "F")
TERRAINS = ("rural", "urban")
LIGHT_WIND = "light stable wind (E or F below 2 m/s): the models are hardly tested there and overstate distances"
CALM = "wind below 1 m/s: taken as 1 m/s"
OPEN_COUNTRY = "the model is for open country: that the terrain is urban was not counted"

_EXPONENTS = {
    "rural": dict(zip(STABILITIES, (0.07, 0.07, 0.10, 0.15, 0.35, 0.55), strict=True)),
    "urban": dict(zip(STABILITIES, (0.15, 0.15, 0.20, 0.25, 0.30, 0.30), strict=True)),
}
_MOLAR_MASS_AIR = 28.96
_GAS_CONSTANT = 8.314462618


@dataclass(frozen=True, kw_only=True)
class Weather:
    """Wind and stability during a release.

    Parameters
    ----------
    wind_speed_ms : float
        At 10 m above ground, in m/s. The models take at least 1 m/s, and flag it.
    stability : {"A", "B", "C", "D", "E", "F"}
        Pasquill class, from very unstable (A) to very stable (F).
    terrain : {"rural", "urban"}
    wind_from_deg : float, optional
        Where the wind comes FROM, clockwise from north, 0 to 360. None where it is not known.
    temperature_c : float
        Of the air, in degrees Celsius.
    pressure_kpa : float
    humidity_percent : float
        Relative, for the heat that moist air absorbs.

    Raises
    ------
    ReleaseError
        When one of these cannot be.

    Examples
    --------
    >>> Weather(wind_speed_ms=4, stability="D", wind_from_deg=225).downwind_deg
    45.0
    """

    wind_speed_ms: float
    stability: Stability = "D"
    terrain: Terrain = "rural"
    wind_from_deg: float | None = None
    temperature_c: float = 15.0
    pressure_kpa: float = 101.325
    humidity_percent: float = 70.0

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        require_range(self.wind_speed_ms, "the wind speed", 0, 75, "m/s", "give it at 10 m above ground")
        require_one_of(
            self.stability, "the stability", STABILITIES, "D suits an overcast or windy day, F a clear calm night"
        )
        require_one_of(self.terrain, "the terrain", TERRAINS)
        if self.wind_from_deg is not None:
            require_range(
                self.wind_from_deg, "the wind direction", 0, 360, "degrees", "say where it comes from, from north"
            )
        require_range(self.temperature_c, "the air temperature", -60, 60, "degrees Celsius", "convert it")
        require_range(self.pressure_kpa, "the air pressure", 50, 110, "kPa", "convert it")
        require_range(self.humidity_percent, "the relative humidity", 0, 100, "percent", "correct it")

    @property
    def downwind_deg(self) -> float | None:
        """Where a cloud goes, in degrees clockwise from north; None where the wind direction is not known."""
        return None if self.wind_from_deg is None else (self.wind_from_deg + 180.0) % 360.0

    @property
    def air_density_kg_m3(self) -> float:
        """Density of dry air."""
        return gas_density_kg_m3(_MOLAR_MASS_AIR, self.temperature_c, self.pressure_kpa)

    @property
    def flags(self) -> tuple[str, ...]:
        """What is doubtful about any cloud in this weather."""
        light = self.stability in ("E", "F") and self.wind_speed_ms < 2
        return flags_where({LIGHT_WIND: light, CALM: self.wind_speed_ms < 1})

    def speed_at(self, height_m: float) -> float:
        """Return the wind speed at a height, in m/s, by the power law of ISC3; as at 10 m below 10 m; at least 1 m/s.

        Examples
        --------
        >>> round(Weather(wind_speed_ms=5, stability="D").speed_at(100), 2)
        7.06
        """
        exponent = _EXPONENTS[self.terrain][self.stability]
        return max(1.0, self.wind_speed_ms * float((max(height_m, 10.0) / 10.0) ** exponent))


DAY = Weather(wind_speed_ms=5.0, stability="D")
"""Day of the usual screening pair."""

NIGHT = Weather(wind_speed_ms=1.5, stability="F")
"""Night of the usual screening pair."""


def stability_class(
    wind_speed_ms: float, *, insolation: Literal["strong", "moderate", "slight", "overcast", "cloudy", "clear"]
) -> Stability:
    """Return the Pasquill class for a wind speed and the sun by day or the clouds by night.

    Where the table of Pasquill (1961) and Turner (1970) names two classes, the more stable one.

    Parameters
    ----------
    wind_speed_ms : float
        At 10 m.
    insolation : str
        By day ``strong``, ``moderate`` or ``slight``; by night ``cloudy`` (more than half) or ``clear``; ``overcast``
        at any time.

    Raises
    ------
    ReleaseError
        When the wind speed is negative, or the sun is none of these.

    Examples
    --------
    >>> stability_class(1.5, insolation="clear"), stability_class(5.5, insolation="slight")
    ('F', 'D')
    """
    require_range(wind_speed_ms, "the wind speed", 0, 75, "m/s", "give it at 10 m above ground")
    if insolation == "overcast":
        return "D"
    require_one_of(insolation, "the insolation", (*_PASQUILL, "overcast"))
    column = sum(wind_speed_ms >= edge for edge in (2, 3, 5, 6))
    return _PASQUILL[insolation][column]


_PASQUILL: dict[str, tuple[Stability, ...]] = {
    "strong": ("A", "B", "B", "C", "C"),
    "moderate": ("B", "B", "C", "D", "D"),
    "slight": ("B", "C", "C", "D", "D"),
    "cloudy": ("F", "E", "D", "D", "D"),
    "clear": ("F", "F", "E", "D", "D"),
}


def gas_density_kg_m3(molar_mass_g_mol: float, temperature_c: float, pressure_kpa: float = 101.325) -> float:
    """Return the density of an ideal gas.

    Raises
    ------
    ReleaseError
        When the molar mass is not above 0, or the temperature is none.

    Examples
    --------
    >>> round(gas_density_kg_m3(70.91, 25), 3)
    2.898
    """
    require_positive(molar_mass_g_mol, "the molar mass", "g/mol")
    require_range(temperature_c, "the temperature of the gas", -270, 500, "degrees Celsius", "convert it")
    return pressure_kpa * molar_mass_g_mol / (_GAS_CONSTANT * (temperature_c + 273.15))
