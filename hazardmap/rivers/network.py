"""Flow directions as a network: order, accumulation, nearest drainage (pyflwdir under a thin roof)."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import xarray as xr
from affine import Affine
from odc.geo.geobox import GeoBox

from hazardmap import checks
from hazardmap.coverage import cell_areas
from hazardmap.errors import GridError

__all__ = ["Network", "north_up", "raster_on", "upstream_area"]

_NO_DATA = 247
_CODES = (0, 1, 2, 4, 8, 16, 32, 64, 128, _NO_DATA, 255)

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Network:
    """Cells that drain into each other. Arrays are flat, in row-major order, north up.

    Parameters
    ----------
    grid : GeoBox
        Shape, transform and CRS.
    known : ndarray of bool
        Where a direction is known.
    flow : pyflwdir.FlwdirRaster
        The directions.
    """

    grid: GeoBox
    known: npt.NDArray[np.bool_]
    flow: Any

    @classmethod
    def of(cls, directions: xr.DataArray) -> Self:
        """Read D8 codes.

        Raises
        ------
        GridError
            When the values are no D8 codes, none is known, or water runs in a circle.
        """
        import pyflwdir

        directions = north_up(directions, name="directions")
        grid = checks.grid_of(directions, name="directions")
        values = np.nan_to_num(directions.to_numpy(), nan=_NO_DATA)
        strange = np.setdiff1d(values, _CODES)
        if strange.size:
            raise GridError(
                f"directions hold the value {strange[0]:g}; expected D8 codes (1, 2, 4 ... 128, 0 pit, 247 no data); "
                "convert them first"
            )
        codes = np.where(values == 255, _NO_DATA, values).astype(np.uint8)
        known = (codes != _NO_DATA).ravel()
        if known.size < 2 or not known.any():
            raise GridError(
                f"directions are known in {known.sum()} of {known.size} cells; expected some, of two or more; "
                "check the area"
            )
        try:
            flow = pyflwdir.from_array(codes, ftype="d8", check_ftype=False, transform=grid.transform)
            circular = not flow.isvalid
        except ValueError:  # not one cell that water can leave by
            circular = True
        if circular:
            raise GridError("directions run in a circle; expected every cell to drain to a pit; repair the raster")
        return cls(grid, known, flow)

    @cached_property
    def cell_km2(self) -> Floats:
        """Area of each cell on the ellipsoid, 0 where no direction is known."""
        rows, columns = self.grid.shape
        area = np.broadcast_to(cell_areas(self.grid, (0, 0, rows, columns)), (rows, columns)).ravel() / 1e6
        return np.where(self.known, area, 0.0)

    def accumulate(self, amount: Floats) -> Floats:
        """Sum of an amount over a cell and everything upstream of it."""
        total: Floats = self.flow.accuflux(amount.reshape(self.grid.shape)).ravel()
        return np.where(self.known, total, 0.0)

    def drains_to(self, stream: Integers) -> Integers:
        """Position in ``stream`` of the first of these cells at or below each cell, -1 where there is none."""
        position = np.full(self.known.size, -1, dtype=np.int64)
        position[stream] = np.arange(stream.size)
        found: Integers = self.flow.fillnodata(position.reshape(self.grid.shape), -1, direction="up").ravel()
        return np.where(self.known, found, -1)

    def below(self, stream: Integers) -> Integers:
        """Position in ``stream`` of the cell that each of these cells flows into, -1 where there is none."""
        into = np.asarray(self.flow.idxs_ds, dtype=np.int64)[stream]
        position = np.full(self.known.size, -1, dtype=np.int64)
        position[stream] = np.arange(stream.size)
        return np.where(into == stream, -1, position[into])  # a pit flows into itself

    def centres(self, cells: Integers) -> tuple[Floats, Floats]:
        """Coordinates x, y of the centres of cells."""
        rows, columns = np.divmod(cells, self.grid.shape[1])
        transform = self.grid.transform
        return transform.c + transform.a * (columns + 0.5), transform.f + transform.e * (rows + 0.5)


def upstream_area(directions: xr.DataArray) -> xr.DataArray:
    """Area that drains through each cell, its own included.

    Parameters
    ----------
    directions : DataArray
        ``(y, x)``, D8 codes as ESRI writes them: 1 east, 2 south-east, 4 south ... 128 north-east; 0 pit;
        247, 255 or NaN where nothing is known. Any CRS.

    Returns
    -------
    DataArray
        ``(y, x)``, float64, km2 on the ellipsoid, NaN where no direction is known; north up.

    Raises
    ------
    GridError
        When the values are no D8 codes, or water runs in a circle.

    Examples
    --------
    >>> import rioxarray
    >>> cells = xr.DataArray([[1.0, 1.0, 0.0]], dims=("y", "x")).rio.write_crs("EPSG:3035")
    >>> cells = cells.rio.write_transform(Affine(1000, 0, 4e6, 0, -1000, 3e6))
    >>> upstream_area(cells).round(2).values.tolist()
    [[1.0, 2.0, 3.0]]
    """
    network = Network.of(directions)
    area = np.where(network.known, network.accumulate(network.cell_km2), np.nan)
    return raster_on(network.grid, area.reshape(network.grid.shape), units="km2")


def north_up(field: xr.DataArray, *, name: str) -> xr.DataArray:
    """Return the raster with its rows from north to south; D8 codes name true directions and stay."""
    grid = checks.grid_of(field, name=name)
    transform = grid.transform
    if transform.e < 0:
        return field
    top = transform.f + transform.e * grid.shape[0]
    flipped = field.isel(y=slice(None, None, -1))
    turned: xr.DataArray = flipped.rio.write_transform(Affine(transform.a, 0, transform.c, 0, -transform.e, top))
    return turned


def raster_on(grid: GeoBox, values: Any, *, units: str | None = None) -> xr.DataArray:
    """Raster ``(y, x)`` from an array, or from a lazy variable, on a grid."""
    import rioxarray  # noqa: F401  (registers the .rio accessor)

    transform = grid.transform
    rows, columns = grid.shape
    frame = xr.Dataset(
        coords={
            "y": transform.f + transform.e * (np.arange(rows) + 0.5),
            "x": transform.c + transform.a * (np.arange(columns) + 0.5),
        }
    )
    frame = frame.rio.write_crs(str(grid.crs)).rio.write_transform(transform)
    return xr.DataArray(
        values if isinstance(values, xr.Variable) else xr.Variable(("y", "x"), values),
        coords=frame.coords,
        attrs={} if units is None else {"units": units},
    )
