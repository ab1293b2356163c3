"""What hazards reach: places, power plants, airfields, the German high-voltage grid, chemical parks."""

import io
import json
from collections.abc import Iterator
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from scripts.pack.sources import Source

WINDOW: Final = (2.0, 48.0, 9.0, 54.0)
COUNTRIES: Final = {"BE": "Belgium", "DE": "Germany", "FR": "France", "LU": "Luxembourg", "NL": "Netherlands"}
MINIMUM_PEOPLE: Final = 1000
MINIMUM_MW: Final = 10.0
YEAR: Final = 2026
NO_FUEL: Final = ("Battery", "Heat Storage", "Hydrogen Storage", "Mechanical Storage", "Solar", "Wind")

PLACE_NAMES: Final = {
    2803138: ("Antwerpen", "Antwerpen", "Anvers", "Antwerpen", "Antwerp"),
    2800866: ("Brussel / Bruxelles", "Brussel", "Bruxelles", "Brüssel", "Brussels"),
    2797656: ("Gent", "Gent", "Gand", "Gent", "Ghent"),
    2800931: ("Brugge", "Brugge", "Bruges", "Brügge", "Bruges"),
    2792413: ("Liège", "Luik", "Liège", "Lüttich", "Liège"),
    2790471: ("Namur", "Namen", "Namur", "Namur", "Namur"),
    2790869: ("Mons", "Bergen", "Mons", "Mons", "Mons"),
    2792482: ("Leuven", "Leuven", "Louvain", "Löwen", "Leuven"),
    2791537: ("Mechelen", "Mechelen", "Malines", "Mecheln", "Mechelen"),
    2794055: ("Kortrijk", "Kortrijk", "Courtrai", "Kortrijk", "Kortrijk"),
    2785341: ("Tournai", "Doornik", "Tournai", "Tournai", "Tournai"),
    2789786: ("Oostende", "Oostende", "Ostende", "Ostende", "Ostend"),
    2747373: ("Den Haag", "Den Haag", "La Haye", "Den Haag", "The Hague"),
    2960316: ("Lëtzebuerg", "Luxemburg", "Luxembourg", "Luxemburg", "Luxembourg"),
    2886242: ("Köln", "Keulen", "Cologne", "Köln", "Cologne"),
    3247449: ("Aachen", "Aken", "Aix-la-Chapelle", "Aachen", "Aachen"),
    2821164: ("Trier", "Trier", "Trèves", "Trier", "Trier"),
    2886946: ("Koblenz", "Koblenz", "Coblence", "Koblenz", "Koblenz"),
    2874225: ("Mainz", "Mainz", "Mayence", "Mainz", "Mainz"),
    2998324: ("Lille", "Rijsel", "Lille", "Lille", "Lille"),
    3020686: ("Dunkerque", "Duinkerke", "Dunkerque", "Dünkirchen", "Dunkirk"),
    2973783: ("Strasbourg", "Straatsburg", "Strasbourg", "Straßburg", "Strasbourg"),
}
"""Name in the place itself, then in Dutch, French, German and English, by GeoNames number."""

PARKS: Final = (
    ("NL", "Chemelot, Geleen", 5.80, 50.97),
    ("NL", "Botlek", 4.29, 51.88),
    ("NL", "Europoort", 4.15, 51.95),
    ("NL", "Maasvlakte", 4.03, 51.96),
    ("NL", "Pernis", 4.39, 51.88),
    ("NL", "Moerdijk", 4.58, 51.68),
    ("NL", "Terneuzen", 3.78, 51.34),
    ("NL", "Sluiskil", 3.84, 51.28),
    ("NL", "Vlissingen-Oost", 3.69, 51.46),
    ("NL", "Bergen op Zoom", 4.26, 51.48),
    ("NL", "Delfzijl", 6.96, 53.31),
    ("NL", "Emmen", 6.93, 52.77),
    ("BE", "Haven van Antwerpen, rechteroever", 4.32, 51.30),
    ("BE", "Haven van Antwerpen, linkeroever", 4.24, 51.27),
    ("BE", "North Sea Port, Gent", 3.77, 51.14),
    ("BE", "Geel", 4.96, 51.13),
    ("BE", "Tessenderlo", 5.07, 51.07),
    ("BE", "Jemeppe-sur-Sambre", 4.67, 50.45),
    ("BE", "Feluy-Seneffe", 4.26, 50.58),
    ("BE", "Tertre", 3.81, 50.48),
    ("DE", "Chempark Leverkusen", 6.99, 51.02),
    ("DE", "Chempark Dormagen", 6.84, 51.07),
    ("DE", "Chempark Krefeld-Uerdingen", 6.66, 51.37),
    ("DE", "Chemiepark Marl", 7.11, 51.68),
    ("DE", "Chemiepark Knapsack, Hürth", 6.84, 50.86),
    ("DE", "Wesseling", 6.99, 50.83),
    ("DE", "Köln-Merkenich", 6.94, 51.03),
    ("DE", "Gelsenkirchen-Scholven", 7.03, 51.60),
    ("DE", "Ludwigshafen am Rhein", 8.42, 49.51),
    ("DE", "Industriepark Höchst, Frankfurt", 8.54, 50.08),
    ("DE", "Wilhelmshaven", 8.08, 53.62),
    ("FR", "Dunkerque", 2.28, 51.03),
    ("FR", "Carling / Saint-Avold", 6.72, 49.15),
)
"""Chemical parks and port clusters that public maps name: country, name, longitude, latitude (to about 1 km)."""


RIVER_USERS: Final = (
    ("FR", "Chooz", "power station", "Meuse", 4.79, 50.09),
    ("BE", "Tailfer", "water works", "Meuse", 4.88, 50.39),
    ("BE", "Tihange", "power station", "Meuse", 5.27, 50.53),
    ("BE", "Albertkanaal, Liège", "canal intake", "Meuse", 5.62, 50.67),
    ("NL", "Maasbracht", "power station", "Meuse", 5.91, 51.16),
    ("NL", "Heel", "water works", "Meuse", 5.90, 51.19),
    ("FR", "Cattenom", "power station", "Moselle", 6.22, 49.42),
    ("DE", "Wesseling", "works", "Rhine", 6.99, 50.83),
    ("DE", "Düsseldorf-Flehe", "water works", "Rhine", 6.78, 51.19),
    ("DE", "Düsseldorf-Lausward", "power station", "Rhine", 6.73, 51.22),
    ("DE", "Duisburg-Walsum", "power station", "Rhine", 6.72, 51.53),
    ("NL", "Waal, Nijmegen", "canal intake", "Rhine", 5.86, 51.85),
)
"""Well-known places that take much water from a river: country, name, kind, river, longitude, latitude (to 1 km)."""


def places(geonames: Source, cities: Source) -> gpd.GeoDataFrame:
    """Populated places of at least ``MINIMUM_PEOPLE``, one level only: the largest place of each municipality.

    GeoNames gives people both to a municipality's seat (for the whole municipality) and to its sections. The
    municipality of a place, and whether it is a quarter of a city (``PPLX``), are in the npm package; a place that it
    does not list is a section that was added since. Dutch and Luxembourg places have no municipality there and lose
    only their quarters.
    """
    known = {
        number: city for number, city in _cities(cities.read("package/cities.pbf")) if city["country"] in COUNTRIES
    }
    rows = []
    for place in json.loads(geonames.read("data/cities1000.json")).values():
        city = known.get(place["geonameid"])
        if city is None or city["code"] == "PPLX":
            continue
        number, own = place["geonameid"], place["name"]
        name, dutch, french, german, english = PLACE_NAMES.get(number, (own, None, None, None, None))
        rows.append(
            {
                "id": f"geonames-{number}",
                "name": name,
                "name_nl": dutch,
                "name_fr": french,
                "name_de": german,
                "name_en": english,
                "country": place["countrycode"],
                "value": place["population"],
                "municipality": city["municipality"] or f"geonames-{number}",
                "x": place["longitude"],
                "y": place["latitude"],
            }
        )
    table = pd.DataFrame(rows).sort_values(["value", "id"], ascending=[False, True])
    table = table.drop_duplicates(["country", "municipality"]).drop(columns="municipality")
    return _points(table[(table["value"] >= MINIMUM_PEOPLE) & _inside(table["x"], table["y"])])


def power_plants(plants: Source) -> gpd.GeoDataFrame:
    """Power plants of at least ``MINIMUM_MW`` that burn, split or dam something, without those that have closed."""
    codes = {name: code for code, name in COUNTRIES.items()}
    table = pd.read_csv(io.BytesIO(plants.read("/powerplants.csv")), low_memory=False)
    chosen = (
        table["Country"].isin(codes)
        & (table["Capacity"] >= MINIMUM_MW)
        & ~table["Fueltype"].isin(NO_FUEL)
        & ~(table["DateOut"] < YEAR)
        # Known from one list of coal plants alone: these repeat plants that the other lists have too.
        & ~table["projectID"].str.match(r"\{'BEYONDCOAL': \{[^}]*\}\}$")
    )
    table = table[chosen & _inside(table["lon"], table["lat"])]
    frame = pd.DataFrame(
        {
            "id": "plant-" + table["id"].astype(str).str.zfill(6),
            "name": table["Name"],
            "country": table["Country"].map(codes),
            "fuel": table["Fueltype"],
            "value": table["Capacity"].round(1),
            "x": table["lon"],
            "y": table["lat"],
        }
    )
    return _points(frame)


def airfields(airports: Source) -> gpd.GeoDataFrame:
    """Airfields with an ICAO code."""
    table = pd.read_csv(io.BytesIO(airports.read("airportsdata/airports.csv")), keep_default_na=False)
    table = table[table["country"].isin(COUNTRIES) & (table["icao"] != "") & _inside(table["lon"], table["lat"])]
    columns = {"icao": "id", "name": "name", "country": "country", "lon": "x", "lat": "y"}
    return _points(table[list(columns)].rename(columns=columns))


def grid_buses(pypsa: Source) -> gpd.GeoDataFrame:
    """Buses of the SciGRID model of Germany's 220 and 380 kV grid, with generators and mean load of a day (MW) at each.

    Two buses of one substation, at 380 and at 220 kV, share a ``site``: transformers join them.
    """
    folder = "examples/networks/scigrid-de/scigrid-de"
    buses = pd.read_csv(io.BytesIO(pypsa.read(f"{folder}/buses.csv")), dtype={"name": str})
    generators = pd.read_csv(io.BytesIO(pypsa.read(f"{folder}/generators.csv")), dtype={"bus": str})
    loads = pd.read_csv(io.BytesIO(pypsa.read(f"{folder}/loads-p_set.csv")), index_col=0)
    load_bus = pd.read_csv(io.BytesIO(pypsa.read(f"{folder}/loads.csv")), dtype=str).set_index("name")["bus"]
    load = loads.mean().groupby(load_bus.reindex(loads.columns).to_numpy()).sum()
    generation = generators.groupby("bus")["p_nom"].sum()
    table = pd.DataFrame(
        {
            "id": "bus-" + buses["name"],
            "site": "bus-" + buses["name"].str.removesuffix("_220kV"),
            "name": buses["osm_name"],
            "country": "DE",
            "voltage_kv": buses["v_nom"],
            "generation_mw": buses["name"].map(generation).fillna(0).round(1),
            "load_mw": buses["name"].map(load).fillna(0).round(1),
            "x": buses["x"],
            "y": buses["y"],
        }
    )
    return _points(table)


def grid_lines(pypsa: Source) -> gpd.GeoDataFrame:
    """Lines of the same model between its buses, drawn straight."""
    folder = "examples/networks/scigrid-de/scigrid-de"
    lines = pd.read_csv(io.BytesIO(pypsa.read(f"{folder}/lines.csv")), dtype={"name": str, "bus0": str, "bus1": str})
    buses = pd.read_csv(io.BytesIO(pypsa.read(f"{folder}/buses.csv")), dtype={"name": str}).set_index("name")
    ends = np.stack([buses.loc[lines[bus], ["x", "y"]].to_numpy() for bus in ("bus0", "bus1")], axis=1)
    table = pd.DataFrame(
        {
            "id": "line-" + lines["name"],
            "name": lines["osm_name"],
            "country": "DE",
            "bus0": "bus-" + lines["bus0"],
            "bus1": "bus-" + lines["bus1"],
            "voltage_kv": lines["voltage"] / 1000,
            "value": lines["s_nom"].round(1),
            "length_km": lines["length"].round(1),
            "reactance_ohm": (lines["x_ohmkm"] * lines["length"]).round(3),
        }
    )
    return gpd.GeoDataFrame(table, geometry=shapely.linestrings(np.round(ends, 5)), crs=4326)


def chemical_parks() -> gpd.GeoDataFrame:
    """The parks of ``PARKS``."""
    rows = [
        {"id": f"park-{k:02d}", "name": name, "country": country, "x": x, "y": y}
        for k, (country, name, x, y) in enumerate(PARKS, 1)
    ]
    return _points(pd.DataFrame(rows))


def river_users() -> gpd.GeoDataFrame:
    """The places of ``RIVER_USERS``."""
    rows = [
        {
            "id": f"user-{k:02d}",
            "name": name,
            "country": country,
            "kind": kind,
            "river": river,
            "from_river": True,
            "x": x,
            "y": y,
        }
        for k, (country, name, kind, river, x, y) in enumerate(RIVER_USERS, 1)
    ]
    return _points(pd.DataFrame(rows))


def _points(table: pd.DataFrame) -> gpd.GeoDataFrame:
    """Frame with a point instead of the columns x and y, rounded to 1e-5 degrees."""
    points = gpd.points_from_xy(table["x"].round(5), table["y"].round(5))
    return gpd.GeoDataFrame(table.drop(columns=["x", "y"]), geometry=points, crs=4326)


def _inside(x: pd.Series, y: pd.Series) -> pd.Series:
    west, south, east, north = WINDOW
    return x.between(west, east) & y.between(south, north)


def _cities(buffer: bytes) -> Iterator[tuple[int, dict[str, Any]]]:
    """Number, country, municipality code and feature code of every city of a protocol-buffer file."""
    at = 0
    while at < len(buffer):
        length, at = _varint(buffer, at)
        fields = dict(_fields(buffer, at, at + length))
        at += length
        number = (fields[1] >> 1) ^ -(fields[1] & 1)
        yield number, {"country": fields.get(3, ""), "municipality": fields.get(6, ""), "code": fields.get(7, "")}


def _fields(buffer: bytes, at: int, end: int) -> Iterator[tuple[int, Any]]:
    """Field number and value (text or unsigned integer) of a protocol-buffer message."""
    while at < end:
        key, at = _varint(buffer, at)
        value, at = _varint(buffer, at)
        if key & 7 == 2:
            yield key >> 3, buffer[at : at + value].decode()
            at += value
        else:
            yield key >> 3, value


def _varint(buffer: bytes, at: int) -> tuple[int, int]:
    """Variable-length integer that starts at a byte, and where the next thing starts."""
    value = shift = 0
    while True:
        byte = buffer[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
