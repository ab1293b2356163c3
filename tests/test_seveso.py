"""Seveso tiers of inventories made by hand, around every threshold."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hazardmap as hm
from hazardmap.chemistry import Holding, Qualifying, Substance, qualifying_from, seveso_tier, tonnes
from hazardmap.errors import ReleaseError, TableError, UnitsError

QUANTITIES = hm.qualifying_quantities()
CHLORINE, AMMONIA = hm.substance("chlorine"), hm.substance("ammonia")
METHANOL, BENZENE, HF = hm.substance("methanol"), hm.substance("benzene"), hm.substance("hydrogen fluoride")


def tier(*holdings, **options):
    return seveso_tier([Holding(*each) for each in holdings], QUANTITIES, **options)


@pytest.mark.parametrize(
    ("quantity", "expected"),
    [
        ("9.99 t", "none"),
        ("10 t", "lower"),
        ("10000 kg", "lower"),
        ("24.99 t", "lower"),
        ("25 t", "upper"),
        ("0 t", "none"),
    ],
)
def test_one_named_substance(quantity, expected):
    """Chlorine: 10 and 25 t, Annex I part 2."""
    found = tier((CHLORINE, quantity))
    assert found.tier == expected
    assert bool(found.reasons) == (expected != "none")


def test_shares_of_one_group_add_up():
    """Chlorine 6 of 10 t and ammonia 20 of 50 t: 0.6 + 0.4, in each of the three groups."""
    found = tier((CHLORINE, "6 t"), (AMMONIA, "20 t"))
    assert found.tier == "lower"
    assert found.sums["lower"].tolist() == pytest.approx([1.0, 1.0, 1.0])
    assert found.sums["upper"].tolist() == pytest.approx([6 / 25 + 20 / 200] * 3)
    assert found.reasons == tuple(f"{group}: the shares add up to 1" for group in ("health", "physical", "environment"))
    assert tier((CHLORINE, "6 t"), (AMMONIA, "19.9 t")).tier == "none"


def test_shares_of_different_groups_do_not():
    """Methanol 400 of 500 t (health and physical) and E1 60 of 100 t (environment)."""
    found = tier((METHANOL, "400 t"), ("E1", "60 t"))
    assert found.tier == "none"
    assert found.sums["lower"].to_dict() == pytest.approx({"health": 0.8, "physical": 0.8, "environment": 0.6})
    assert tier((METHANOL, "400 t"), ("P5c", "1000 t")).tier == "lower"


def test_upper_tier_by_the_sum_alone():
    """HF (H1, 20 t) 12 t and phosgene-like H1 8 t: neither reaches 20 t, together they do."""
    found = tier((HF, "12 t"), ("H1", "8 t"))
    assert found.tier == "upper"
    assert found.reasons == ("health: the shares add up to 1",)


def test_a_substance_that_is_not_named_counts_by_its_categories():
    """Acrylonitrile H2, P5c, E2: 50, 5000 and 200 t."""
    found = tier((hm.substance("acrylonitrile"), "40 t"))
    assert found.sums["lower"].to_dict() == pytest.approx({"health": 0.8, "physical": 0.008, "environment": 0.2})
    assert found.parts["entry"].tolist() == ["H2", "P5c", "E2"]


def test_the_lowest_quantity_of_a_group_counts():
    """Note 5: P5a (10 t) before P5c (5000 t)."""
    both = Substance("both", "71-43-2", seveso_categories=("P5c", "P5a"))
    found = tier((both, "5 t"))
    assert found.parts[["entry", "lower_share"]].to_numpy().tolist() == [["P5a", 0.5]]


def test_section_o_counts_on_its_own_only():
    found = tier(("O1", "60 t"), ("O1", "30 t"), ("O2", "60 t"))
    assert found.tier == "none"
    assert (found.sums == 0).all(axis=None)
    alone = tier(("O1", "60 t"), ("O1", "40 t"))
    assert alone.tier == "lower"
    assert alone.reasons == ("O1: 100 t of 100 t",)


def test_named_entries_and_the_same_substance_twice():
    """Entry 34, petroleum products: 2500 t."""
    assert tier(("34", "1500 t"), ("34", "1000 t")).reasons[0] == "34: 2500 t of 2500 t"
    assert tier((hm.substance("petrol"), "2499 t")).tier == "none"


def test_two_percent_may_be_left_out():
    """Chlorine 0.2 of 10 t is 2 %; it fills up what ammonia leaves, unless it is left out, and the part is listed."""
    inventory = ((AMMONIA, "49 t"), (CHLORINE, "200 kg"))
    assert tier(*inventory).tier == "lower"
    without = tier(*inventory, leave_out_small=True)
    assert without.tier == "none"
    assert without.sums["lower"].tolist() == pytest.approx([0.98] * 3)
    assert without.parts.set_index("holding").groupby(level=0)["counts"].first().to_dict() == {
        "ammonia": True,
        "chlorine": False,
    }
    assert tier((AMMONIA, "49 t"), (CHLORINE, "201 kg"), leave_out_small=True).tier == "lower"


def test_binary_fractions_do_not_hide_a_full_sum():
    """0.1 + 0.2 + 0.7 of a quantity of 50 t."""
    names = [Substance(n, "71-43-2", seveso_categories=("H2",)) for n in "abc"]
    assert tier(*zip(names, ("5 t", "10 t", "35 t"), strict=True)).tier == "lower"


def test_an_empty_site_has_no_tier():
    found = tier()
    assert (found.tier, found.reasons, len(found.parts)) == ("none", (), 0)
    assert (found.sums == 0).all(axis=None)


def test_quantities_that_nobody_read_are_named():
    assert tier((AMMONIA, "1 t"), (CHLORINE, "1 t")).notes == (
        "qualifying quantities not read in the Directive: 35; verify them",
    )
    assert tier((CHLORINE, "1 t")).notes == ()


@settings(max_examples=40)
@given(st.lists(st.tuples(st.sampled_from(list(QUANTITIES)), st.floats(0, 500)), max_size=6), st.floats(1, 5))
def test_more_never_means_less(inventory, factor):
    order = ("none", "lower", "upper")
    small = tier(*((entry, f"{quantity!r} t") for entry, quantity in inventory))
    large = tier(*((entry, f"{quantity * factor!r} t") for entry, quantity in inventory))
    assert order.index(small.tier) <= order.index(large.tier)
    assert (large.sums >= small.sums - 1e-9).all(axis=None)
    counted = small.parts[small.parts["group"] != ""].groupby("group")["lower_share"].sum()
    assert counted.to_dict() == pytest.approx(small.sums["lower"][counted.index].to_dict())


# --- the table ------------------------------------------------------------------------------------------------------


def test_the_annex_is_whole():
    part_1 = [entry for entry in QUANTITIES if not entry.isdigit()]
    assert len(part_1) == 21
    assert sorted(int(entry) for entry in QUANTITIES if entry.isdigit()) == list(range(1, 49))
    for entry in part_1:
        assert QUANTITIES[entry].groups == (() if entry.startswith("O") else (entry[0],))
    assert all(each.seveso_entry in {*QUANTITIES, ""} for each in hm.substances())
    assert all(set(each.seveso_categories) <= set(part_1) for each in hm.substances())


def test_quantities_read_in_the_same_entry_of_an_older_act():
    """SI 1999/743, schedule 1 part 2, tonnes."""
    read = {
        "9": (20, 100),
        "10": (10, 25),
        "15": (5, 50),
        "20": (5, 50),
        "22": (500, 5000),
        "27": (0.3, 0.75),
        "31": (15, 75),
    }
    assert {entry: (QUANTITIES[entry].lower_t, QUANTITIES[entry].upper_t) for entry in read} == read


# --- bad input ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("quantity", "error", "message"),
    [
        ("25", UnitsError, "the quantity '25' without a unit; expected t or kg; write '25 t'"),
        (25, UnitsError, "without a unit"),
        ("-3 t", ReleaseError, "'-3 t'; expected 0 or more"),
        ("25 l", UnitsError, "is in 'l'; expected 't'"),
        ("1,200 t", ReleaseError, "expected a number and a unit"),
        ("25t", ReleaseError, "leave a blank between them"),
        ("", ReleaseError, "expected a number and a unit"),
        ("nan t", ReleaseError, "expected 0 or more"),
        ("inf t", ReleaseError, "expected 0 or more"),
    ],
)
def test_a_quantity_that_cannot_be(quantity, error, message):
    with pytest.raises(error) as raised:
        tier((CHLORINE, quantity))
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


@given(st.floats(0, 1e9), st.sampled_from([("t", 1), ("kg", 1e-3), ("kt", 1e3), ("tonnes", 1)]))
def test_units_of_mass(number, unit):
    assert tonnes(f"{number!r} {unit[0]}") == pytest.approx(number * unit[1])


def test_what_has_no_entry_is_refused():
    with pytest.raises(ReleaseError, match="X9 has 'X9'; expected entries of Annex I"):
        tier(("X9", "1 t"))
    with pytest.raises(ReleaseError, match="ethanol has neither an entry nor a category"):
        tier((Substance("ethanol", "64-17-5"), "1 t"))


def test_a_table_that_breaks_its_rules():
    rows = {
        "entry": ["H1", "H1"],
        "groups": ["H", "H"],
        "name": "x",
        "tier": ["lower", "upper"],
        "unit": "t",
        "status": "own",
    }
    assert qualifying_from(pd.DataFrame({**rows, "value": [5.0, 20.0]})) == {
        "H1": Qualifying("H1", "x", ("H",), 5, 20, "own")
    }
    with pytest.raises(TableError, match="entry 'H1' has the quantities"):
        qualifying_from(pd.DataFrame({**rows, "value": [20.0, 5.0]}))
    with pytest.raises(TableError, match="entry 'H1' has the quantities"):
        qualifying_from(
            pd.DataFrame(
                {
                    key: [*each, each[-1]] if isinstance(each, list) else each
                    for key, each in {**rows, "value": [5.0, 20.0]}.items()
                }
            )
        )
    with pytest.raises(TableError, match="entry 'H1' is in the groups"):
        qualifying_from(pd.DataFrame({**rows, "groups": "h", "value": [5.0, 20.0]}))
    half_read = pd.DataFrame({**rows, "status": ["S", "K"], "value": [5.0, 20.0]})
    assert qualifying_from(half_read)["H1"].status == "K"
    with pytest.raises(TableError, match="there are no generic distances 'kas-99'"):
        hm.generic_distances("kas-99")
