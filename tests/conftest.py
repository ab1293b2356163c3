"""What several test modules share: one grid maker, one shape maker, the folder of real data."""

from pathlib import Path

import numpy as np
import pytest
import rioxarray  # noqa: F401  (registers the .rio accessor)
import xarray as xr
from affine import Affine
from hypothesis import settings

# A slow machine is no failure; the seeds are fixed, so that a run can be repeated.
settings.register_profile("hazardmap", deadline=None, derandomize=True)
settings.load_profile("hazardmap")

SHARED = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real data beside the repository; tests that need it skip where it is absent."""
    if not SHARED.is_dir():
        pytest.skip("the folder ../shared/data with real data is absent")
    return SHARED


def make_raster(values, *, left=0.0, top=0.0, cell=1.0, crs="EPSG:3035", units="m"):
    """Raster from nested lists: north up, square cells; the last two axes are y and x."""
    array = np.asarray(values, dtype="float32")
    rows, columns = array.shape[-2:]
    dims = ("scenario", "y", "x")[-array.ndim :]
    raster = xr.DataArray(
        array,
        dims=dims,
        coords={
            "y": top - cell * (np.arange(rows) + 0.5),
            "x": left + cell * (np.arange(columns) + 0.5),
        },
        attrs={"units": units},
    )
    raster = raster.rio.write_crs(crs)
    return raster.rio.write_transform(Affine(cell, 0, left, 0, -cell, top))


@pytest.fixture(scope="session")
def raster():
    """Function that makes a raster from nested lists."""
    return make_raster
