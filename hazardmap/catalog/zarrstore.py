"""The door for Zarr: a folder, or one packed as a zip file; what is in it is read as the CF conventions say."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import xarray as xr

from hazardmap.catalog.cf import broken, gridded
from hazardmap.errors import FileError, MissingExtraError
from hazardmap.files import require_below

if TYPE_CHECKING:
    from pathlib import Path

    from hazardmap.catalog.card import Layer

__all__ = ["open_zarr"]


def open_zarr(layer: Layer, file: Path) -> tuple[xr.DataArray, Any, list[str]]:
    """Open one variable of a Zarr store lazily (extra ``zarr``).

    Returns
    -------
    raster, crs, notes
        As :func:`hazardmap.catalog.cf.gridded` says.

    Raises
    ------
    MissingExtraError
        When zarr is not installed.
    FileError
        When the store is broken, or holds Python objects.
    LayerError
        As :func:`hazardmap.catalog.cf.gridded` says.
    """
    try:
        import zarr
        from zarr.storage import LocalStore, ZipStore
    except ImportError:
        raise MissingExtraError(
            f"layer {layer.name} is a Zarr store, and zarr is not installed; expected the extra 'zarr'; "
            "pip install 'hazardmap[zarr]'"
        ) from None
    try:
        store = LocalStore(file, read_only=True) if file.is_dir() else ZipStore(file, mode="r")
        root = zarr.open_group(store, mode="r", use_consolidated=False)
        _require_numbers(root, file)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of names that a store refers to and does not have
            data = xr.open_zarr(
                store,
                chunks=None,
                consolidated=False,
                mask_and_scale=not layer.integer,
                decode_coords="all",
                decode_timedelta=False,
            )
    except (OSError, RuntimeError, ValueError, KeyError, TypeError, AttributeError, ImportError) as error:
        raise broken(file, error, "Zarr") from None
    return gridded(layer, data, file)


def _require_numbers(root: Any, file: Path) -> None:
    """Refuse a store whose arrays hold Python objects: reading one could run code of whoever wrote it."""
    arrays = dict(root.arrays())
    require_below(len(arrays), "COLUMNS", what=f"arrays in {file}")
    for name, array in arrays.items():
        if array.dtype.kind == "O" or "pickle" in str(array.metadata.to_dict()).lower():
            raise FileError(
                f"{file} holds Python objects in {name!r}; expected numbers; write it again without pickled values"
            )
