"""From depths to damage per year: the study beside it in Python, with a risk curve.

Make the data first (python make_data.py), then: python analyst.py [FOLDER]
"""

import sys
from pathlib import Path
from typing import Any

import hazardmap as hm
from hazardmap.impacts import sensitivity

HERE = Path(__file__).parent
AREA = (5.5, 50.6, 6.0, 51.1)
YEARS = (10, 50, 100, 500)

folder = Path(sys.argv[1] if len(sys.argv) > 1 else "hazardmap-flood")
folder.mkdir(parents=True, exist_ok=True)


def own(path: str, **card: Any) -> Any:
    """Open one of the files that make_data.py wrote."""
    return hm.layer({"path": path, "status": "synthetic", **card}, folder=HERE).open(area=AREA)


flood = hm.flood(
    [{"layer": own(f"depth-{t}.tif", units="m"), "label": f"1 in {t} years", "return_period": t} for t in YEARS],
    origin=hm.layer("flow-directions").open(),
    territories=hm.layer("borders").open(),
    levels=[0.1, 0.3, 0.5, 1, 2],
)
buildings = own("buildings.gpkg", layer="buildings", columns={"id": "code", "curve": "use", "storeys": "storeys"})
result = hm.overlay(
    flood,
    hm.layer("territories").open(area=AREA),
    assets={
        "people": own("people.tif", units="people"),
        "land-use": own("land-use.tif", units="class"),
        "buildings": buildings,
        "substations": own("substations.gpkg", layer="substations", columns={"id": "code"}),
    },
    damage=hm.damage_tables(landuse="land-use.csv", folder=HERE),
)

flows = result.flows()
damage = flows[(flows["measure"] == "buildings") & (flows["unit"] == "EUR2010")]
by_scenario = damage.groupby("scenario")["attributed"].sum().reindex([f"T{t}" for t in YEARS])
print("Damage to buildings, EUR of 2010:")
print(by_scenario.round(-3).astype(int).to_string())

print("\nPer year, by method (peers differ by as much):")
for method in ("trapezoid", "log-linear"):
    for tail in ("none", "constant", "linear"):
        annual = result.annual(method=method, rare_tail=tail, zero_at=5)
        chosen = annual[(annual["measure"] == "buildings") & (annual["unit"] == "EUR2010")]
        print(f"  {chosen['method'].iloc[0]}: {chosen['attributed'].sum():,.0f}")

print("\nPeople in water deeper than:")
people = hm.people_range(result, "people", depths=[0.1, 0.3, 0.5])
print(people.groupby(["scenario", "depth_m"], sort=False)["people"].sum().round(-2).unstack().to_string())

print("\nSubstations lost, by the depth at which they might be:")
print(sensitivity(hm.loss_of_function(result, "substations"))["lost"].unstack().to_string())

floors = hm.dry_floors(result, "buildings", buildings)
print("\nBuildings with a dry floor at 1 in 500 years:")
print(floors[floors["scenario"] == "T500"]["dry_floor"].value_counts().to_string())

hm.write(result, folder / "flood.gpkg", annual={"rare_tail": "constant", "zero_at": 5})

try:
    import matplotlib as mpl
except ModuleNotFoundError:
    print("\nno figure: matplotlib is not installed (pip install 'hazardmap[plot]')")
else:
    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(6, 4), layout="constrained")
    chance = [1 / t for t in YEARS]
    table = damage.pivot_table("attributed", "scenario", "origin", aggfunc="sum", fill_value=0.0)
    table = table[table.sum().sort_values(ascending=False).index]
    axes.stackplot(chance, table.reindex(by_scenario.index).T / 1e6, labels=table.columns, baseline="zero")
    axes.set(xscale="log", xlabel="chance per year", ylabel="damage to buildings, million EUR of 2010")
    axes.set_title("Risk curve by origin of the water (share of upstream area; invented data)", fontsize="medium")
    axes.set_xticks(chance, [f"1/{t}" for t in YEARS], minor=False)
    axes.minorticks_off()
    axes.legend()
    figure.savefig(folder / "risk-curve.png", dpi=120, metadata={"Software": None})
    print(f"\nwrote {folder / 'risk-curve.png'}")
