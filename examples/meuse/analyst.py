"""The demo study, written out: floods of the Meuse and the Lower Rhine, and who sends the water.

Run it from anywhere: python analyst.py [FOLDER]
"""

import sys
from pathlib import Path

import hazardmap as hm

AREA = (4.6, 49.9, 7.4, 52.0)  # west, south, east, north
SCENARIOS = {"flood-depth-t10": 10, "flood-depth-t100": 100, "flood-depth-t1000": 1000}

folder = Path(sys.argv[1] if len(sys.argv) > 1 else "hazardmap-analyst")

# Layers come through one door: with a CRS, units, NaN for missing, and their licence.
depths = [
    {"layer": hm.layer(name).open(area=AREA), "label": f"1 in {years} years", "return_period": years}
    for name, years in SCENARIOS.items()
]
flood = hm.flood(
    depths,
    origin=hm.layer("flow-directions").open(),
    territories=hm.layer("borders").open(),
    lowland=hm.layer("diked-lowland").open(),
    links=hm.layer("river-branches").open(),
    min_upstream_km2=500,  # the depths were made for rivers of this size
)

# The overlay: any GeoDataFrame or DataArray of your own goes in the same way.
result = hm.overlay(
    flood,
    hm.layer("territories").open(area=AREA),
    assets={"places": hm.layer("places").open(area=AREA), "power-plants": hm.layer("power-plants").open(area=AREA)},
)

flows = result.flows()
people = flows.query("measure == 'places' and unit == 'people in places hit' and scenario == 'T100'")
print("People in places hit once in 100 years, by origin of the water (share of upstream area):")
print(people.groupby("origin")["attributed"].sum().round(-3).astype(int).to_string())

across = result.crossing()
print(f"\n{len(across.assets)} of {len(result.assets)} rows owe at least half of their water to another country.")

hm.write(across, folder / "across.gpkg")
hm.write(result, folder / "map.html", title="Water from abroad")
print(f"wrote {folder / 'across.gpkg'} and {folder / 'map.html'}")
