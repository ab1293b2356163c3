"""Drought by month, and whose water the places on the rivers live from. The rain is invented.

Run it from anywhere: python analyst.py [FOLDER]
"""

import sys
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

import hazardmap as hm
from hazardmap import rivers

AREA = (4.6, 49.9, 7.4, 52.0)  # west, south, east, north
folder = Path(sys.argv[1] if len(sys.argv) > 1 else "hazardmap-drought")

# The index of each month says how unusual it is, so the whole series is read; the months shown are a window of it.
drought = hm.drought(
    hm.layer("rain-synthetic").open(area=AREA),
    temperature=hm.layer("temperature-synthetic").open(area=AREA),
    origin=hm.layer("flow-directions").open(),
    territories=hm.layer("borders").open(),
    index="spei",
    months=3,
    first="2025-01",
    last="2025-12",
)
users = hm.layer("river-users").open(area=AREA)
result = hm.overlay(drought, hm.layer("territories").open(area=AREA), {"river-users": users})

land = result.assets.query("kind == 'territory'")
area = land.pivot_table(index="scenario", columns="country", values="affected", aggfunc="sum", sort=False)
print("Area in drought (SPEI-3 of -1 or less), km2 (invented rain):")
print(area.round(-2).astype(int).to_string())

# Whose water is it? A number for every place that lives from a river, in drought or not.
print("\nShare of the area upstream that lies in other countries:")
shares = hm.river_dependence(drought, users).drop_duplicates("asset")
print(shares[["name", "country", "distance_m", "foreign_share"]].round(2).to_string(index=False))

# Low water: a flag for each place and month from the discharge of its gauge (here made up, a low August).
days = pd.date_range("2024-01-01", "2025-12-31")
season = 2200 + 900 * np.cos(2 * np.pi * (days.day_of_year - 60) / 365)
flow = pd.DataFrame({"lobith": season - 700 * (days.strftime("%Y-%m") == "2025-08")}, index=days)
gauges = gpd.GeoDataFrame(
    {"gauge": ["lobith"], "upstream_km2": [160_800]}, geometry=gpd.points_from_xy([6.11], [51.84]), crs=4326
)
plants = users[users["name"] == "Duisburg-Walsum"].assign(upstream_km2=153_000)
reaches = rivers.reaches(hm.layer("flow-directions").open(), hm.layer("borders").open(), min_area_km2=500)
found = rivers.nearest_gauge(plants, gauges, reaches)
print(f"\nDuisburg-Walsum: gauge {found['gauge'].item()}, {found['along_km'].item():.0f} km down the Rhine")
short = hm.water_shortage(plants.assign(gauge=found["gauge"]), flow)
print("\nMonths in which the river carries less than its Q95 (invented discharge):")
print(short[short["days_low"] > 0][["name", "month", "days_low", "least_m3s", "threshold_m3s"]].round(0).to_string())

hm.write(result, folder / "drought.html", title="Drought (invented rain)")
print(f"\nwrote {folder / 'drought.html'}")
