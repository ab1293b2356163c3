"""What a concentration means: units, doses, indoors, and the share of people who die."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

from hazardmap.consequences.numbers import as_array, require_positive, require_range, zero_or_more
from hazardmap.consequences.weather import gas_density_kg_m3

__all__ = [
    "HEAT_PROBIT",
    "Probit",
    "indoor_share",
    "mg_m3_from_ppm",
    "ppm_from_mg_m3",
    "scaled_threshold",
    "toxic_load",
]

Floats = NDArray[np.float64]


def mg_m3_from_ppm(ppm: ArrayLike, molar_mass_g_mol: float, *, temperature_c: float = 25.0) -> Floats:
    """Return a concentration in mg/m3 from one in ppm by volume, at 101.325 kPa.

    Examples
    --------
    >>> round(float(mg_m3_from_ppm(20, 70.91)), 2)
    57.97
    """
    return as_array(as_array(ppm) * gas_density_kg_m3(molar_mass_g_mol, temperature_c))


def ppm_from_mg_m3(mg_m3: ArrayLike, molar_mass_g_mol: float, *, temperature_c: float = 25.0) -> Floats:
    """Return a concentration in ppm by volume from one in mg/m3, at 101.325 kPa.

    Examples
    --------
    >>> round(float(ppm_from_mg_m3(57.97, 70.91)), 2)
    20.0
    """
    return as_array(as_array(mg_m3) / gas_density_kg_m3(molar_mass_g_mol, temperature_c))


def indoor_share(minutes: ArrayLike, *, air_changes_per_hour: float = 1.0) -> Floats:
    """Return the concentration indoors as a share of a steady one outdoors: ``1 - exp(-n t)``.

    A well-mixed room with clean air at first. One air change per hour is the usual Dutch assumption.

    Examples
    --------
    >>> round(float(indoor_share(30)), 3)
    0.393
    """
    require_positive(air_changes_per_hour, "the ventilation", "air changes per hour")
    return as_array(-np.expm1(-air_changes_per_hour * zero_or_more(minutes, "the time") / 60))


def toxic_load(concentration: ArrayLike, minutes: ArrayLike, n: float) -> Floats:
    """Return the toxic load ``C^n t`` (ten Berge 1986), in the units given.

    Examples
    --------
    >>> float(toxic_load(10, 30, 2))
    3000.0
    """
    require_positive(n, "the exponent n")
    return as_array(zero_or_more(concentration, "the concentration") ** n * zero_or_more(minutes, "the time"))


def scaled_threshold(concentration: float, *, from_minutes: float, to_minutes: float, n: float) -> float:
    """Return the concentration that does in another time what a threshold does in its own: ``C^n t`` constant.

    Parameters
    ----------
    concentration : float
        In any unit; the result is in the same.
    from_minutes, to_minutes : float
    n : float
        Exponent of the substance (ten Berge 1986).

    Examples
    --------
    >>> scaled_threshold(20, from_minutes=60, to_minutes=15, n=2)
    40.0
    """
    require_positive(n, "the exponent n")
    ratio = require_positive(from_minutes, "the time", "min") / require_positive(to_minutes, "the time", "min")
    return float(require_positive(concentration, "the threshold") * ratio ** (1 / n))


@dataclass(frozen=True)
class Probit:
    """Share of people who die by a dose: ``Pr = a + b ln(C^n t)``, of which the normal distribution of ``Pr - 5``.

    Parameters
    ----------
    a, b, n : float
        Constants of the substance.
    unit : str
        Of the concentration: ``mg/m3`` (with minutes), or ``W/m2`` (with seconds) for heat.

    Examples
    --------
    >>> chlorine = Probit(-6.35, 0.5, 2.75)
    >>> round(float(chlorine.deaths_share(1000, 30)), 3)
    0.44
    """

    a: float
    b: float
    n: float
    unit: str = "mg/m3"

    def __post_init__(self) -> None:
        """Refuse constants that cannot be."""
        require_range(self.a, "the probit constant a", -1000, 1000, "", "correct it")
        require_positive(self.b, "the probit constant b")
        require_positive(self.n, "the probit exponent n")

    def probit(self, concentration: ArrayLike, time: ArrayLike) -> Floats:
        """Return Pr; minus infinity for a dose of 0."""
        dose = toxic_load(concentration, time, self.n)
        with np.errstate(divide="ignore"):
            return as_array(self.a + self.b * np.log(dose))

    def deaths_share(self, concentration: ArrayLike, time: ArrayLike) -> Floats:
        """Return the share of the exposed who die, 0 to 1."""
        return as_array(ndtr(self.probit(concentration, time) - 5))

    def concentration_for(self, deaths_share: float, time: float) -> float:
        """Return the concentration at which a share of the exposed dies.

        Examples
        --------
        >>> round(Probit(-6.35, 0.5, 2.75).concentration_for(0.01, 30))
        206
        """
        from scipy.special import ndtri

        require_range(deaths_share, "the share of deaths", 1e-9, 1 - 1e-9, "", "0.01 is LC1")
        require_positive(time, "the time")
        dose: Any = np.exp((float(ndtri(deaths_share)) + 5 - self.a) / self.b)
        return float((dose / time) ** (1 / self.n))


HEAT_PROBIT = Probit(-36.38, 2.56, 4 / 3, unit="W/m2")
"""Death by heat (TNO, Purple Book CPR 18E): W/m2 and seconds, of which at most 20 are counted. Indicative."""
