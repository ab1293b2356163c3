"""A whole overlay on a cluster of processes: every layer, rasters of people and of land use too."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

import hazardmap as hm
from hazardmap.footprint import Footprint, scenario_table


def test_an_overlay_on_a_cluster_gives_the_same_tables(raster, monkeypatch):
    distributed = pytest.importorskip("distributed")
    noise = np.random.default_rng(3)
    left, top = 4_000_000.0, 3_100_000.0
    depth = raster(noise.uniform(0, 3, (2, 30, 40)), left=left, top=top, cell=100.0)
    footprint = Footprint(
        hazard="flood",
        intensity=depth,
        units="m",
        levels=(0.5, 1.5),
        scenarios=scenario_table([{"return_period": 10}, {"return_period": 100}]),
        source=depth[0].copy(data=noise.integers(1, 4, (30, 40)).astype("int32")),
        shares=pd.DataFrame({"source": [1, 2, 3], "origin": ["BE", "NL", "DE"], "share": 1.0}),
    )
    halves = [shapely.box(left, top - 3000, left + 1730, top), shapely.box(left + 1730, top - 3000, left + 4000, top)]
    land = gpd.GeoDataFrame({"id": ["W", "E"], "country": ["BE", "NL"]}, geometry=halves, crs=3035)
    people = raster(noise.integers(0, 50, (11, 13)).astype(float), left=left + 40, top=top - 30, cell=270.0)
    people.attrs["units"] = "people"
    houses = gpd.GeoDataFrame(
        {"id": [f"h{k}" for k in range(40)]},
        geometry=shapely.buffer(shapely.points(noise.uniform((left, top - 3000), (left + 4000, top), (40, 2))), 60),
        crs=3035,
    )
    assets = {"people": people, "houses": houses}
    here = hm.overlay(footprint, land, assets)
    sent = []
    submit = distributed.Client.submit
    monkeypatch.setattr(
        distributed.Client, "submit", lambda self, *args, **options: (sent.append(1), submit(self, *args, **options))[1]
    )
    root = str(Path(__file__).parents[1])
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, env={"PYTHONPATH": root}
    ) as cluster:
        there = hm.overlay(footprint, land, assets, scheduler=cluster.scheduler_address)
    assert len(sent) >= 3  # territories, houses, people
    pd.testing.assert_frame_equal(there.flows(), here.flows(), check_exact=True)
    pd.testing.assert_frame_equal(
        there.assets.drop(columns="geometry"), here.assets.drop(columns="geometry"), check_exact=True
    )
