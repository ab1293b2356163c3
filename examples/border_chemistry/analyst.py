"""Border chemistry in Python: who stands in whose cloud, whom to tell, and what a flood sets off.

Run it from anywhere: python analyst.py [FOLDER]
"""

import sys
from pathlib import Path

import hazardmap as hm

AREA = (5.0, 50.3, 7.2, 51.6)  # west, south, east, north

folder = Path(sys.argv[1] if len(sys.argv) > 1 else "hazardmap-chemistry")
borders = hm.layer("borders").open()
parks = hm.layer("chemical-parks").open()
territories = hm.layer("territories").open(area=AREA)
places = hm.layer("places").open(area=AREA)

# A what-if: one tonne of chlorine at every park, in ten minutes, with the wind from the south-west.
clouds = hm.chemical(
    parks, borders, effect="toxic", substance="chlorine", quantity_t=1, wind_from_deg=225, wind_speed=4
)
result = hm.overlay(clouds, territories, {"places": places})
people = result.flows().query("unit == 'people in places hit'")
print("people in places hit, by country of the park and territory:")
print(people.groupby(["origin", "territory"])[["attributed", "distinct", "summed"]].sum().round(-2).astype(int))

told = hm.notify(result)
print("\nwhom to tell abroad:")
print(told[told["abroad"]].head(8)[["name", "origin", "territory", "reason", "distance_km"]].round(1).to_string())

# Whose water could set which park off, and where would its cloud go?
flood = hm.flood(
    [{"layer": hm.layer("flood-depth-extreme").open(area=AREA), "label": "extreme (indicative)"}],
    origin=hm.layer("flow-directions").open(),
    territories=borders,
    lowland=hm.layer("diked-lowland").open(),
    links=hm.layer("river-branches").open(),
    min_upstream_km2=500,  # the depths were made for rivers of this size
)
set_off = hm.overlay(hm.natech(flood, clouds, diameter_m=15, height_m=10), territories, {"places": places})
chain = hm.chain(set_off).query("measure == 'territories'")
print("\nwater from -> park in -> cloud over, km2:")
print(chain.groupby(["trigger", "origin", "country"])["attributed"].sum().round(1).to_string())

hm.write([result, set_off], folder / "map.html", title="Border chemistry")
print(f"\nwrote {folder / 'map.html'}")
