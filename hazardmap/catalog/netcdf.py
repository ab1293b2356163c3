"""The door for NetCDF, classic and HDF5; what is in it is read as the CF conventions say."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import h5py
import xarray as xr

from hazardmap.catalog.cf import broken, gridded
from hazardmap.errors import FileError
from hazardmap.files import require_below

if TYPE_CHECKING:
    from pathlib import Path

    from hazardmap.catalog.card import Layer

__all__ = ["open_netcdf"]


def open_netcdf(layer: Layer, file: Path) -> tuple[xr.DataArray, Any, list[str]]:
    """Open one variable of a NetCDF file lazily.

    Returns
    -------
    raster, crs, notes
        As :func:`hazardmap.catalog.cf.gridded` says.

    Raises
    ------
    FileError
        When the file is broken, or takes data from other files.
    LayerError
        As :func:`hazardmap.catalog.cf.gridded` says.
    """
    return gridded(layer, _dataset(layer, file), file)


def _dataset(layer: Layer, file: Path) -> xr.Dataset:
    with file.open("rb") as stream:
        classic = stream.read(3) == b"CDF"
    if not classic:
        _require_self_contained(file)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of names that a file refers to and does not have: asked for by name later
            return xr.open_dataset(
                file,
                engine="scipy" if classic else "h5netcdf",
                cache=False,
                mask_and_scale=not layer.integer,
                decode_coords="all",
                decode_timedelta=False,
            )
    except (OSError, RuntimeError, ValueError, KeyError, TypeError, AttributeError, ImportError) as error:
        raise broken(file, error) from None


def _require_self_contained(file: Path) -> None:
    """Refuse an HDF5 file that takes data from other files: it could show any file of this machine as pixels."""
    try:
        with h5py.File(file, "r") as root:
            outside = _outside(root)
    except (OSError, RuntimeError, ValueError, KeyError, TypeError) as error:
        raise broken(file, error) from None
    if outside:
        raise FileError(
            f"{file} takes {outside!r} from another file (external link, external storage or virtual data set); "
            "expected all data inside; repack it with nccopy or h5repack"
        )


def _outside(root: h5py.File) -> str | None:
    """Name of the first object whose data are not in the file; soft links lead to objects that are seen anyway."""
    groups, seen = [root], set()
    while groups:
        group = groups.pop()
        for name in group:
            link = group.get(name, getlink=True)
            if isinstance(link, h5py.ExternalLink):
                return str(name)
            if not isinstance(link, h5py.HardLink):
                continue
            item = group[name]
            address = h5py.h5o.get_info(item.id).addr
            if address in seen:
                continue
            seen.add(address)
            require_below(len(seen), "COLUMNS", what="objects in a NetCDF file")
            if isinstance(item, h5py.Group):
                groups.append(item)
            elif isinstance(item, h5py.Dataset) and (item.external or item.is_virtual):
                return str(item.name)
    return None
