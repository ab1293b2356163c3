"""The outputs, one file each.

An output is a function ``(exposures, path, *, options...) -> None``. The file ``geopackage.py`` holds the function
``geopackage`` and a ``SUFFIX``; nothing else has to be told about it. Other packages add outputs through the entry
point group ``hazardmap.outputs``.

An output with options that name files to read, or that can be wrong in other ways, has a second function beside it:
``prepare(options, folder) -> options``; see :func:`prepared`. One that needs a package of an extra says so in
``NEEDS = (package, extra)``, so that a study is told before it computes.
"""

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from hazardmap.errors import MissingExtraError, OutputError
from hazardmap.exposure import Exposure
from hazardmap.provenance import inputs
from hazardmap.registry import Registry, options

__all__ = ["Output", "get", "names", "options", "prepared", "write"]

Output = Callable[..., None]

_REGISTRY = Registry("output", __name__, __path__, "hazardmap.outputs", OutputError)
names, get = _REGISTRY.names, _REGISTRY.get


def write(
    exposures: Exposure | Sequence[Exposure], path: str | Path, *, restricted: bool = False, **choices: Any
) -> None:
    """Write a result; the ending of the path says how.

    Parameters
    ----------
    exposures : Exposure or sequence of Exposure
        What :func:`hazardmap.overlay` returned, one per hazard.
    path : str or Path
        ``.html`` (web map), ``.gpkg`` (GeoPackage), ``.parquet`` (GeoParquet), ``.fgb`` (FlatGeobuf), ``.geojson``,
        ``.xlsx`` (workbook), ``.csv`` (a folder of tables beside it), ``.tif`` (COG), ``.nc`` (NetCDF), ``.zarr`` or
        ``.json`` (run record). A format of one layer a file writes a folder of that name, unless ``layer`` says which.
    restricted : bool
        Write even though a layer may be computed with but not be redistributed.
    **choices
        Options of that output, such as ``title`` of the web map: those of the function of its name, such as
        :func:`hazardmap.outputs.csv.csv`.

    Raises
    ------
    OutputError
        When no output knows the ending, a layer must not be redistributed, an option is wrong, or the file cannot be
        written.
    MissingExtraError
        When the output needs a package that is not there.

    Examples
    --------
    Half of a cloud of 1 km around a site on the border lies across it: pi / 2 km2.

    >>> import tempfile, geopandas as gpd, pandas as pd, shapely, hazardmap as hm
    >>> works = gpd.GeoDataFrame({"country": ["NL"]}, geometry=[shapely.Point(4e6, 3e6)], crs=3035)
    >>> land = gpd.GeoDataFrame({"id": ["A"], "country": ["DE"]}, geometry=[shapely.box(4e6, 2e6, 5e6, 4e6)], crs=3035)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write(hm.overlay(hm.chemical(works, radius_m=1000), land), f"{folder}/tables.csv")
    ...     flows = pd.read_csv(f"{folder}/tables/flows.csv")
    >>> flows[["origin", "territory", "attributed"]].round(2).values.tolist()
    [['NL', 'A', 1.57]]
    """
    path = Path(path)
    found = [exposures] if isinstance(exposures, Exposure) else list(exposures)
    require_free(inputs(found), restricted=restricted)
    for name in names():
        if getattr(import_module(f"{__name__}.{name}"), "SUFFIX", None) == path.suffix.lower():
            get(name)(found, path, **choices)
            return
    known = ", ".join(filter(None, (getattr(import_module(f"{__name__}.{name}"), "SUFFIX", None) for name in names())))
    raise OutputError(f"no output writes {path.suffix or 'files without an ending'}; expected one of {known}")


def prepared(name: str, options: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Check the options that a study gives to an output, before anything is computed, and read the files they name.

    Parameters
    ----------
    name : str
        Name of the output.
    options : mapping
    folder : Path
        What paths are relative to: the folder of the study.

    Returns
    -------
    dict
        The options as the function takes them.

    Raises
    ------
    MissingExtraError
        When the output needs a package that is not there.
    OutputError
        When an option is wrong, or a file cannot be read.
    """
    needs = getattr(sys.modules[get(name).__module__], "NEEDS", None)
    if needs is not None and find_spec(needs[0]) is None:
        raise MissingExtraError(f"it needs the package {needs[0]}, which is not there; install hazardmap[{needs[1]}]")
    own = getattr(sys.modules[get(name).__module__], "prepare", None)
    return dict(options) if own is None else own(options, folder)


def require_free(layers: Iterable[Mapping[str, Any]], *, restricted: bool) -> None:
    """Refuse to write what is derived from a layer that must not be redistributed.

    Parameters
    ----------
    layers : iterable of mapping
        Provenance of each: ``name``, ``redistribute``.
    restricted : bool
        Whether it is for one's own use.

    Raises
    ------
    OutputError
        Naming the layer.
    """
    bound = [item["name"] for item in layers if item.get("redistribute") is False]
    if bound and not restricted:
        raise OutputError(
            f"the layer {bound[0]!r} must not be redistributed (redistribute: false); expected free layers only; "
            "to write for your own use, say so with restricted: true"
        )
