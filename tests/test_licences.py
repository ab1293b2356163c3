"""Licences: what may be combined and passed on, and which layer is the cause where it may not."""

import pytest

from hazardmap import catalog
from hazardmap.licences import address_of, licensing


def layers(*licences):
    return [{"name": f"layer{k}", "licence": licence} for k, licence in enumerate(licences)]


@pytest.mark.parametrize(
    ("licences", "whole"),
    [
        (["CC0-1.0"], "CC0-1.0"),
        (["CC-BY-4.0", "MIT"], "CC-BY-4.0 AND MIT"),
        (["CC-BY-4.0", "ODbL-1.0", "CC0-1.0"], "ODbL-1.0"),
        (["CC-BY-SA-3.0", "CC-BY-SA-4.0"], "CC-BY-SA-4.0"),
        (["CC-BY-4.0", "CC-BY-NC-4.0"], "CC-BY-NC-4.0"),
        (["CC-BY-NC-SA-4.0", "CC-BY-NC-4.0"], "CC-BY-NC-SA-4.0"),
        (["LGPL-3.0-or-later", "GPL-3.0-or-later"], "GPL-3.0-or-later"),
        (["GPL-3.0-or-later", "CC-BY-4.0", "LGPL-3.0-or-later"], "GPL-3.0-or-later"),
        (["LGPL-3.0-or-later", "MIT"], "LGPL-3.0-or-later"),
        ([None], ""),
    ],
)
def test_what_can_be_combined_says_under_what(licences, whole):
    found = licensing(layers(*licences))
    assert (found.licence, found.problems) == (whole, ())


@pytest.mark.parametrize(
    ("licences", "culprits"),
    [
        (["ODbL-1.0", "CC-BY-SA-4.0"], ("layer0", "layer1")),
        (["ODbL-1.0", "CC-BY-4.0", "CC-BY-NC-4.0"], ("layer0", "layer2")),
        (["CC-BY-4.0", "CC-BY-ND-4.0"], ("layer1",)),
        (["LGPL-3.0-or-later", "CC-BY-SA-4.0"], ("layer0", "layer1")),
        (["GPL-3.0-or-later", "CC-BY-NC-4.0"], ("layer0", "layer1")),
        (["ODbL-1.0", "CC-BY-NC-SA-4.0"], ("layer0", "layer1")),
    ],
)
def test_what_cannot_be_combined_names_the_layers(licences, culprits):
    [problem] = licensing(layers(*licences)).problems
    assert all(repr(name) in problem for name in culprits)
    assert problem.count("'layer") == len(culprits)


def test_a_bound_layer_is_a_problem_and_an_unknown_licence_a_note():
    found = licensing(
        [
            {"name": "secret", "licence": "CC0-1.0", "redistribute": False},
            {"name": "own", "licence": "house rules"},
            {"name": "bare"},
        ]
    )
    assert len(found.problems) == 1
    assert "'secret'" in found.problems[0]
    assert len(found.notes) == 2
    assert "bare" in found.notes[0]
    assert "house rules" in found.notes[1]


def test_the_table_says_all_of_each_licence():
    table = catalog.parameters("licence-rules")
    assert table.groupby("licence")["rule"].agg(sorted).map(tuple).unique().tolist() == [
        ("attribution", "no-derivatives", "non-commercial", "share-alike")
    ]
    assert set(table["value"]) == {0.0, 1.0}
    assert table["url"].str.startswith("https://").all()
    assert address_of("no such licence") is None


def test_every_free_licence_of_the_pack_is_known():
    found = licensing([{"name": card.name, "licence": card.licence} for card in catalog.layers() if card.redistribute])
    assert found.problems == ()
    assert found.notes == ()
    assert found.licence == "ODbL-1.0"
