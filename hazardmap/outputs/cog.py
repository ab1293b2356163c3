"""The hazard as cloud-optimised GeoTIFF: the intensity of each scenario, and its classes with their colours."""

import json
from collections.abc import Mapping, Sequence
from errno import EIO
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring
from zlib import crc32

import numpy as np

from hazardmap.cube import MISSING, class_numbers, cubes
from hazardmap.exposure import Exposure
from hazardmap.footprint import Footprint
from hazardmap.palette import class_colours, palette_of
from hazardmap.provenance import provenance, text_in
from hazardmap.writing import paths_of, written

__all__ = ["SUFFIX", "cog"]

SUFFIX = ".tif"

_TILE = 512
_CACHE_MB = 256  # GDAL would take a twentieth of the memory of the machine


def cog(
    exposures: Sequence[Exposure],
    path: Path,
    *,
    layer: str | None = None,
    title: str | Mapping[str, str] | None = None,
    study: Mapping[str, Any] | None = None,
    made: str | None = None,
) -> None:
    """Write every raster hazard, two files a scenario: intensity and classes.

    The cells, the grid and the CRS are those of the footprint. Intensities are float32 with NaN for what is not
    known and 0 for none; classes are one byte: 0 none, from 1 (mildest) on, 255 not known, with a colour table and
    the class names as metadata. Overviews take the nearest cell, so that no value is shown that is not there.
    Windows are written one after the other: some 500 MB of memory at most, however large the raster. The file is read
    back before it takes its place.

    Parameters
    ----------
    exposures : sequence of Exposure
    path : Path
        A folder (a path with the ending stands for that name without it), which gets ``HAZARD-SCENARIO.tif`` and
        ``HAZARD-SCENARIO-classes.tif``; or the file itself, with ``layer``. Beside classes lies their legend for QGIS,
        a ``.qml`` of the same name: from the colour table alone it would list all 256 numbers of a byte.
    layer : str, optional
        The one file that is wanted, such as ``flood-T100``.
    title, study, made : optional
        For the metadata; see :func:`hazardmap.provenance.provenance`.

    Raises
    ------
    OutputError
        When no hazard is a raster, or the file cannot be written.
    """
    parts = {
        f"{name}-{scenario}{ending}": (footprint, number, bool(ending))
        for name, footprint in cubes(exposures).items()
        for number, scenario in enumerate(footprint.scenarios.index)
        for ending in ("", "-classes")
    }
    about = provenance(exposures, study=study, title=title, made=made)
    for name, target in paths_of(path, list(parts), layer, SUFFIX).items():
        footprint, number, classes = parts[name]
        _write(footprint.only(number), target, classes=classes, tags=_tags(footprint, number, about, classes=classes))
        if classes:
            with written(target.with_suffix(".qml")) as beside:
                beside.write_text(_legend(footprint), encoding="utf-8", newline="\n")


def _tags(footprint: Footprint, number: int, about: Mapping[str, Any], *, classes: bool) -> dict[str, str]:
    scenario = footprint.scenarios.iloc[number]
    tags = {
        "TITLE": text_in(about["title"]) or f"{footprint.hazard}, {scenario['label']}",
        "SCENARIO": str(scenario["label"]),
        "RUN": about["run"],
        "SOFTWARE": about["software"],
        "STATUS": footprint.status,
        "LICENCES": "; ".join(item["licence"] for item in about["licences"]),
        "PROVENANCE": json.dumps(about, sort_keys=True, ensure_ascii=False),
    }
    if about["made"]:
        tags["MADE"] = str(about["made"])
    if classes:
        names = {
            "0": "none",
            **{str(k): name for k, name in enumerate(_names(footprint), 1)},
            str(MISSING): "not known",
        }
        tags["CLASSES"] = json.dumps(names, ensure_ascii=False)
    return tags


def _names(footprint: Footprint) -> list[str]:
    """Return the classes in words, such as ``0.5 to 1 m``."""
    edges, units = footprint.levels, footprint.units
    last = "or more" if footprint.worse == "higher" else "or less"
    return [f"{low:g} to {high:g} {units}" for low, high in pairwise(edges)] + [f"{edges[-1]:g} {units} {last}"]


def _legend(footprint: Footprint) -> str:
    """Return the classes as a style of QGIS (QML), worst at the end; what is no class is transparent."""
    document = Element("qgis", version="3.22.0", styleCategories="Symbology")
    pipe = SubElement(document, "pipe")
    renderer = SubElement(pipe, "rasterrenderer", type="paletted", band="1", opacity="1", alphaBand="-1")
    palette = SubElement(renderer, "colorPalette")
    colours = class_colours(len(footprint.levels), palette_of(footprint.hazard))
    for number, (name, colour) in enumerate(zip(_names(footprint), colours, strict=True), 1):
        SubElement(palette, "paletteEntry", value=str(number), color=colour, alpha="255", label=name)
    return "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n" + tostring(document, encoding="unicode")


def _write(footprint: Footprint, path: Path, *, classes: bool, tags: Mapping[str, str]) -> None:
    """Write plain tiles window by window, then let GDAL arrange them; both in a folder that goes away."""
    import rasterio
    import rasterio.shutil

    grid = footprint.grid
    profile = {
        "driver": "GTiff",
        "height": grid.shape[0],
        "width": grid.shape[1],
        "count": 1,
        "dtype": "uint8" if classes else "float32",
        "nodata": MISSING if classes else np.nan,
        "crs": footprint.crs.to_wkt(),
        "transform": grid.affine,
        "tiled": True,
        "blockxsize": _TILE,
        "blockysize": _TILE,
        "bigtiff": "IF_SAFER",
        "sparse_ok": True,
    }
    with (
        written(path) as beside,
        TemporaryDirectory(dir=path.parent, prefix=".hazardmap-") as scratch,
        rasterio.Env(GDAL_CACHEMAX=_CACHE_MB),
    ):
        plain = Path(scratch) / "plain.tif"
        with rasterio.open(plain, "w", **profile) as file:
            statistics, digest = _fill(footprint, file, classes=classes)
            file.update_tags(**tags)
            file.set_band_description(1, "class" if classes else f"{footprint.hazard} [{footprint.units}]")
            if classes:
                file.write_colormap(1, _colours(footprint))
            else:
                file.set_band_unit(1, footprint.units)
                file.update_tags(1, **statistics)
        rasterio.shutil.copy(
            plain,
            beside,
            driver="COG",
            compress="DEFLATE",
            level=6,
            predictor="NO" if classes else "YES",
            blocksize=_TILE,
            overview_resampling="NEAREST",
            statistics="AUTO",  # those in the tags: GDAL would compute them through a driver that is switched off here
            bigtiff="IF_SAFER",
        )
        _require_whole(footprint, beside, digest)


def _require_whole(footprint: Footprint, path: Path, digest: int) -> None:
    """Read a raster back: of a disk that is full at the very end, GDAL says nothing."""
    import rasterio
    from rasterio.windows import Window

    found = 0
    with rasterio.open(path) as file:
        for row, column, height, width in footprint.windows():
            found = _digest(file.read(1, window=Window(column, row, width, height)), found)
    if found != digest:
        raise OSError(EIO, "what is read back is not what was written")


def _digest(block: np.ndarray[Any, Any], before: int) -> int:
    # NaN has many forms, and one of them comes back
    return crc32(np.where(np.isnan(block), np.float32(np.nan), block).tobytes(), before)


def _fill(footprint: Footprint, file: Any, *, classes: bool) -> tuple[dict[str, str], int]:
    """Write every window; return the statistics of what is known, named as GDAL names them, and a digest of it all."""
    from rasterio.windows import Window

    digest = 0
    least, most, count, total, squares = np.inf, -np.inf, 0, 0.0, 0.0
    for window in footprint.windows():
        row, column, height, width = window
        values = np.asarray(footprint.read(window).values[0], dtype=np.float32)
        block = class_numbers(values, footprint) if classes else values
        file.write(block, 1, window=Window(column, row, width, height))
        digest = _digest(block, digest)
        known = values[np.isfinite(values)].astype("float64")
        if known.size:
            least, most = min(least, known.min()), max(most, known.max())
            count, total, squares = count + known.size, total + known.sum(), squares + (known**2).sum()
    if not count:
        return {}, digest
    mean = total / count
    cells = footprint.grid.shape[0] * footprint.grid.shape[1]
    statistics = {
        "STATISTICS_MINIMUM": f"{least:.9g}",
        "STATISTICS_MAXIMUM": f"{most:.9g}",
        "STATISTICS_MEAN": f"{mean:.9g}",
        "STATISTICS_STDDEV": f"{max(squares / count - mean**2, 0) ** 0.5:.9g}",
        "STATISTICS_VALID_PERCENT": f"{100 * count / cells:.4g}",
    }
    return statistics, digest


def _colours(footprint: Footprint) -> dict[int, tuple[int, int, int, int]]:
    """Colour of each class; none and not known are transparent."""
    table = {0: (0, 0, 0, 0), MISSING: (0, 0, 0, 0)}
    for number, colour in enumerate(class_colours(len(footprint.levels), palette_of(footprint.hazard)), 1):
        red, green, blue = (int(colour[k : k + 2], 16) for k in (1, 3, 5))
        table[number] = (red, green, blue, 255)
    return table
