"""The combined drought indicator of the European Drought Observatory, in its first version."""

from typing import Any, Literal

import numpy as np
import xarray as xr

from hazardmap.errors import LayerError
from hazardmap.indices.fields import over_time

__all__ = ["COMBINED", "combined_indicator"]

COMBINED = ("none", "watch", "warning", "alert", "partial recovery", "full recovery")
"""Names of the states, by their number."""

DryIs = Literal["lower", "higher"]

_WATCH, _WARNING, _ALERT, _PARTIAL, _FULL = range(1, 6)


def combined_indicator(
    spi_1: xr.DataArray,
    spi_3: xr.DataArray,
    soil_moisture: xr.DataArray,
    fapar: xr.DataArray,
    *,
    dry_soil_is: DryIs,
    previous: xr.DataArray | None = None,
) -> xr.DataArray:
    """Combine rain, soil and vegetation: from a lack of rain (watch) over dry soil (warning) to stress (alert).

    *Watch* where SPI-3 < -1 or SPI-1 < -2; *warning* where the soil, too, is drier than usual by more than one
    standard deviation; *alert* where in a lack of rain the vegetation is (fAPAR anomaly < -1), whatever the soil.
    Where the rain is back after any of these: *partial recovery* as long as the vegetation is not, then once *full
    recovery* (Sepulcre-Canto et al. 2012). The observatory itself has moved on to versions with other classes.

    Parameters
    ----------
    spi_1, spi_3 : DataArray (time, ...)
        SPI of one and of three months.
    soil_moisture, fapar : DataArray (time, ...)
        Standardised anomalies of soil moisture and of the radiation absorbed by plants.
    dry_soil_is : {"lower", "higher"}
        Which sign is dry: "lower" for an anomaly of moisture, "higher" for one of suction (pF). There is no default:
        the two are in use, and the wrong one turns the map around.
    previous : DataArray (...), optional
        State before the first step. By default none: no recovery from what was before.

    Returns
    -------
    DataArray (time, ...)
        Number of the state as in :data:`COMBINED`; NaN where one of the four is missing. A missing step carries no
        state on.

    Raises
    ------
    LayerError
        When ``dry_soil_is`` is neither.
    GridError
        When the fields differ in place or time.

    Examples
    --------
    A lack of rain, then also of moisture, then plants suffer; rain, plants suffer still, then no more:

    >>> def steps(*values):
    ...     return xr.DataArray(list(values), dims="time", coords={"time": range(6)})
    >>> state = combined_indicator(
    ...     steps(0.0, 0, 0, 0, 0, 0),
    ...     steps(-1.5, -1.5, -1.5, 0, 0, 0),
    ...     steps(0.0, -1.2, -1.2, 0, 0, 0),
    ...     steps(0.0, 0, -1.1, -1.1, 0, 0),
    ...     dry_soil_is="lower",
    ... )
    >>> [COMBINED[int(each)] for each in state]
    ['watch', 'warning', 'alert', 'partial recovery', 'full recovery', 'none']
    """
    if dry_soil_is not in ("lower", "higher"):
        raise LayerError(
            f"dry_soil_is is {dry_soil_is!r}; expected 'lower' (moisture) or 'higher' (suction, pF); correct it"
        )
    before = xr.DataArray(0.0) if previous is None else previous
    soil = soil_moisture if dry_soil_is == "lower" else -soil_moisture
    found = over_time(_states, spi_1, spi_3, soil, fapar, before)
    found.name = "combined_drought_indicator"
    found.attrs = {
        "units": "1",
        "method": "Sepulcre-Canto et al. 2012",
        "dry_soil_is": dry_soil_is,
        "flag_values": list(range(len(COMBINED))),
        "flag_meanings": " ".join(name.replace(" ", "_") for name in COMBINED),
    }
    return found


def _states(spi_1: Any, spi_3: Any, soil: Any, fapar: Any, before: Any) -> Any:
    state = np.where((spi_3 < -1) | (spi_1 < -2), float(_WATCH), 0.0)
    state[(state == _WATCH) & (soil < -1)] = _WARNING
    state[(state != 0) & (fapar < -1)] = _ALERT
    state[np.isnan(spi_1 + spi_3 + soil + fapar)] = np.nan
    last = before[0]
    for step in range(len(state)):
        recovering = (state[step] == 0) & (last >= _WATCH) & (last <= _PARTIAL)
        state[step] = np.where(recovering, np.where(fapar[step] < -1, _PARTIAL, _FULL), state[step])
        last = state[step]
    return state
