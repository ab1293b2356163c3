"""Heat, overpressure and doses: published examples, other curves for the same thing, and closed forms."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from hazardmap.consequences import (
    HEAT_KW_M2,
    HEAT_PROBIT,
    NOT_REACHED,
    OVERPRESSURE_KPA,
    Distance,
    Probit,
    Weather,
    attention_area,
    blast_distance,
    blast_kpa,
    bleve_distance,
    bleve_kw_m2,
    bounded,
    fireball_diameter_m,
    fireball_seconds,
    heat_dose,
    indoor_share,
    mg_m3_from_ppm,
    plume_distance,
    pool_fire_distance,
    pool_fire_kw_m2,
    ppm_from_mg_m3,
    reach,
    scaled_threshold,
    tnt_mass_kg,
    toxic_load,
    transmissivity,
)
from hazardmap.errors import ReleaseError

PETROL = {"burning_rate_kg_m2_s": 0.055, "heat_of_combustion_mj_kg": 43.7}
DRY = Weather(wind_speed_ms=5, humidity_percent=0)
DAY = Weather(wind_speed_ms=5)

# --- heat -----------------------------------------------------------------------------------------------------------


def test_fireball_of_a_road_tanker():
    """A. Srivastava, worked example after CCPS: 22.7 m3, 90 % full, 585.3 kg/m3: 11 957.7 kg, 132.6 m, 10.3 s."""
    mass = 22.7 * 0.9 * 585.3
    assert mass == pytest.approx(11_957.7, abs=0.1)
    assert fireball_diameter_m(mass) == pytest.approx(132.6, abs=0.1)
    assert fireball_seconds(mass) == pytest.approx(10.3, abs=0.05)


def test_fireball_of_100_tonnes_of_propane():
    """CCPS 1999, example of a BLEVE (its figures known, not read: 269 m, 17.7 s, about 290 kW/m2, 0.22, 0.63).

    Water vapour of 2810 Pa is 88.7 % at 25 degrees; a quarter of 46.35 MJ/kg is radiated; the target is at 200 m.
    """
    air = Weather(wind_speed_ms=5, temperature_c=25, humidity_percent=88.7)
    assert fireball_diameter_m(1e5) == pytest.approx(269, abs=0.5)
    assert fireball_seconds(1e5) == pytest.approx(17.7, abs=0.05)
    emitted = 0.25 * 1e5 * 46_350 / (math.pi * 269.2**2 * 17.71)
    assert emitted == pytest.approx(288, abs=2)
    slant = math.hypot(200, 0.75 * 269.2)
    through = 2.02 * (2810 * (slant - 134.6)) ** -0.09
    found = float(bleve_kw_m2(200, mass_kg=1e5, heat_of_combustion_mj_kg=46.35, radiated_share=0.25, weather=air))
    assert found == pytest.approx(emitted * through * (134.6 / slant) ** 2, rel=0.01)
    assert found == pytest.approx(288 * 0.63 * 0.22, rel=0.05)


def test_moist_air_by_hand():
    """2.02 (p x)^-0.09 with 70 % of 1705 Pa at 15 degrees; never more than all."""
    assert float(transmissivity(100, DAY)) == pytest.approx(2.02 * (0.7 * 1705 * 100) ** -0.09, rel=1e-3)
    assert transmissivity([0.0, 1e-3], DAY).tolist() == [1, 1]
    assert transmissivity(1e4, DRY) == 1


@given(st.floats(1, 5000), st.floats(1, 5000))
def test_what_a_pool_radiates_passes_every_sphere(area, x):
    """In dry air nothing is absorbed: flux times the sphere is the radiated power, 0.35 m'' A Hc."""
    flux = float(pool_fire_kw_m2(x, area_m2=area, weather=DRY, **PETROL))
    assert flux * 4 * math.pi * x**2 == pytest.approx(0.35 * 0.055 * area * 43_700)


@pytest.mark.parametrize(("diameter", "sizes"), [(5, 4), (10, 5), (20, 6), (10, 8)])
def test_pool_fire_against_another_correlation(diameter, sizes):
    """Shokri and Beyler, SFPE handbook: 15.4 (L / D)^-1.59 kW/m2, for hydrocarbons of any kind: within a factor of 2."""
    area = math.pi * diameter**2 / 4
    flux = float(pool_fire_kw_m2(sizes * diameter, area_m2=area, **PETROL))
    assert 0.5 < flux / (15.4 * sizes**-1.59) < 2


@given(st.floats(10, 5000), st.sampled_from(HEAT_KW_M2))
def test_pool_fire_distances(area, threshold):
    found = pool_fire_distance(threshold, area_m2=area, **PETROL)
    radius = math.sqrt(area / math.pi)
    assert found.distance_m >= radius * (1 - 1e-9)
    if found.distance_m > radius * 1.001:
        assert float(pool_fire_kw_m2(found.distance_m, area_m2=area, **PETROL)) == pytest.approx(threshold, rel=1e-6)
    assert bool(found.flags) == (found.formula_m < 5 * radius)


def test_fireball_distances():
    propane = {"mass_kg": 10_000, "heat_of_combustion_mj_kg": 46.3}
    found = [bleve_distance(each, **propane).distance_m for each in HEAT_KW_M2]
    assert found == sorted(found, reverse=True)
    assert float(bleve_kw_m2(found[1], **propane)) == pytest.approx(10, rel=1e-6)
    assert bleve_distance(340, **propane).flags == (NOT_REACHED,)
    # 350 kW/m2 at most, of which (1/2 / 3/4)^2 arrives below the fireball
    assert float(bleve_kw_m2(0, mass_kg=1e6, heat_of_combustion_mj_kg=100, weather=DRY)) == pytest.approx(350 * 4 / 9)


# --- overpressure ---------------------------------------------------------------------------------------------------


def kingery_bulmash(z, terms):
    """The whole polynomials of Kingery and Bulmash 1984 for kPa, as NATO AASTP-1 and many programs have them."""
    return 10 ** np.polynomial.polynomial.polyval(-0.214362789151 + 1.35034249993 * np.log10(z), terms)


GROUND = (
    2.78076916577, -1.6958988741, -0.154159376846, 0.514060730593, 0.0988534365274, -0.293912623038, -0.0268112345019,
    0.109097496421, 0.00162846756311, -0.0214631030242, 0.0001456723382, 0.00167847752266,
)  # fmt: skip
FREE = (
    2.611368669, -1.69012801396, 0.00804973591951, 0.336743114941, -0.00516226351334, -0.0809228619888,
    -0.00478507266747, 0.00793030472242, 0.0007684469735,
)  # fmt: skip


def test_swisdak_is_what_it_simplifies():
    z = np.geomspace(0.3, 39, 60)
    assert blast_kpa(z, tnt_kg=1) == pytest.approx(kingery_bulmash(z, GROUND), rel=0.012)


def test_kinney_graham_against_kingery_bulmash_in_free_air():
    z = np.geomspace(1, 39, 40)
    ratio = blast_kpa(z, tnt_kg=1, curve="kinney-graham") / kingery_bulmash(z, FREE)
    assert (ratio > 0.88).all()
    assert (ratio < 1.25).all()


@pytest.mark.parametrize(
    ("kpa", "ground", "free"),
    [
        (2, 45.19, 42.37),
        (3, 33.88, 28.60),
        (5, 23.41, 17.79),
        (10, 13.52, 9.99),
        (14, 10.46, 7.84),
        (20, 8.11, 6.23),
        (30, 6.22, 4.93),
    ],
)
def test_scaled_distances(kpa, ground, free):
    """Recomputed by separate code from the same two papers; any mass scales by its cube root."""
    assert blast_distance(kpa, tnt_kg=1000).distance_m == pytest.approx(10 * ground, abs=0.06)
    assert blast_distance(kpa, tnt_kg=1000, curve="kinney-graham").distance_m == pytest.approx(10 * free, abs=0.06)


def test_the_curve_that_crowl_and_louvar_print_is_twice_as_high():
    """Their example (known, not read): 1 kg of TNT at 30 m gives 0.055 of 101.3 kPa; they have 1616 for 808."""
    assert 2 * float(blast_kpa(30, tnt_kg=1, curve="kinney-graham")) == pytest.approx(0.055 * 101.3, rel=0.03)


def test_mills_by_hand():
    """1772 / 10^3 - 114 / 10^2 + 108 / 10; a program with +114 and 10.4 would give 3.95."""
    assert float(blast_kpa(100, tnt_kg=1000, curve="mills")) == pytest.approx(1.772 - 1.14 + 10.8)


@given(st.floats(1, 1e6), st.sampled_from(OVERPRESSURE_KPA), st.sampled_from(["swisdak", "kinney-graham", "mills"]))
def test_blast_distances(tnt, threshold, curve):
    found = blast_distance(threshold, tnt_kg=tnt, curve=curve)
    assert float(blast_kpa(found.distance_m, tnt_kg=tnt, curve=curve)) == pytest.approx(threshold, rel=1e-6)
    assert found.flags == ()


def test_blast_beyond_its_curve_is_flagged():
    assert "nearer than the curve" in blast_distance(1e5, tnt_kg=10).flags[0]
    assert "extrapolated" in blast_distance(0.05, tnt_kg=10).flags[0]


def test_tnt_by_hand():
    """4 % of 1 t at 46.8 MJ/kg is 400 kg."""
    assert tnt_mass_kg(1000, 46.8) == pytest.approx(400)


# --- toxicity -------------------------------------------------------------------------------------------------------


def test_lethal_concentrations_of_chlorine():
    """Withers and Lees 1985, regular population: Y = -8.29 + 0.92 ln(C^2 T) in ppm and minutes; LC50 433 and 250 ppm."""
    regular = Probit(-8.29, 0.92, 2, unit="ppm")
    assert regular.concentration_for(0.5, 10) == pytest.approx(433, abs=1)
    assert regular.concentration_for(0.5, 30) == pytest.approx(250, abs=1)
    assert float(regular.deaths_share(433, 10)) == pytest.approx(0.5, abs=0.005)


@pytest.mark.parametrize(("probit", "share"), [(2.67, 0.01), (3.72, 0.10), (5.0, 0.50), (6.28, 0.90), (7.33, 0.99)])
def test_shares_of_finneys_table(probit, share):
    """Finney 1971: the percentage of each probit; with b = n = 1 and one minute, the probit is a + ln C."""
    one = Probit(0.0, 1.0, 1.0)
    assert float(one.deaths_share(math.exp(probit), 1)) == pytest.approx(share, abs=0.001)


@given(st.floats(1, 1e5), st.floats(1, 480), st.floats(0.01, 0.99))
def test_probit_and_its_inverse(concentration, minutes, share):
    chlorine = Probit(-6.35, 0.5, 2.75)
    assert float(chlorine.deaths_share(chlorine.concentration_for(share, minutes), minutes)) == pytest.approx(share)
    assert chlorine.deaths_share(concentration, minutes) <= chlorine.deaths_share(concentration * 1.1, minutes)


def test_no_dose_kills_nobody():
    assert float(Probit(-6.35, 0.5, 2.75).deaths_share(0, 30)) == 0


def test_heat_probit_by_hand():
    """-36.38 + 2.56 ln(20 s x (1e4 W/m2)^(4/3)) = 2.73: one person in a hundred."""
    assert float(HEAT_PROBIT.probit(1e4, 20)) == pytest.approx(-36.38 + 2.56 * (math.log(20) + 4 / 3 * math.log(1e4)))
    assert float(HEAT_PROBIT.deaths_share(1e4, 20)) == pytest.approx(0.0117, abs=0.0005)
    assert float(heat_dose(5, 60)) == pytest.approx(60 * 5 ** (4 / 3))


def test_the_same_dose_in_another_time():
    """ten Berge: C^n t. A quarter of the time allows twice the concentration at n = 2."""
    other = scaled_threshold(20, from_minutes=60, to_minutes=10, n=2.75)
    assert float(toxic_load(other, 10, 2.75)) == pytest.approx(float(toxic_load(20, 60, 2.75)))


def test_ppm_by_hand():
    """One mole of gas is 24.465 l at 25 degrees: 20 ppm of chlorine is 20 x 70.906 / 24.465 mg/m3."""
    assert float(mg_m3_from_ppm(20, 70.906)) == pytest.approx(20 * 70.906 / 24.465, rel=1e-4)
    assert float(ppm_from_mg_m3(mg_m3_from_ppm(7.1, 27.03), 27.03)) == pytest.approx(7.1)


def test_indoors_as_an_integral_of_the_air_changes():
    """dC/dt = n (1 - C) from clean air, integrated step by step."""
    end = solve_ivp(lambda _, c: 2.0 / 60 * (1 - c), (0, 45), [0.0], rtol=1e-9, atol=1e-12).y[0, -1]
    assert float(indoor_share(45, air_changes_per_hour=2)) == pytest.approx(end, rel=1e-6)
    assert float(indoor_share(30)) == pytest.approx(1 - math.exp(-0.5))


# --- attention areas ------------------------------------------------------------------------------------------------


def test_attention_areas_of_the_netherlands():
    fire = attention_area("fire", lambda kw: pool_fire_distance(kw, area_m2=500, **PETROL))
    assert fire == pool_fire_distance(10, area_m2=500, **PETROL)
    explosion = attention_area("explosion", lambda kpa: blast_distance(kpa, tnt_kg=400))
    assert explosion == blast_distance(10, tnt_kg=400)


def test_a_toxic_attention_area_ends_at_1500_m():
    """The houses keep 39 % of what is outdoors after half an hour."""

    def cloud(rate):
        return lambda mg: plume_distance(mg, rate_kg_s=rate, weather=DAY)

    small = attention_area("toxic", cloud(0.2), indoor_mg_m3=20)
    assert small == plume_distance(20 / (1 - math.exp(-0.5)), rate_kg_s=0.2, weather=DAY)
    large = attention_area("toxic", cloud(20), indoor_mg_m3=20)
    assert large.distance_m == 1500
    assert large.formula_m > 1500
    assert large.flags == ("capped where the model ends (1.5 km, the rule for attention areas)",)
    with pytest.raises(ReleaseError, match="has no concentration"):
        attention_area("toxic", cloud(1))
    with pytest.raises(ReleaseError, match="no attention area 'smoke'"):
        attention_area("smoke", cloud(1))


# --- solver and bad input -------------------------------------------------------------------------------------------


@given(st.floats(0.5, 3), st.floats(1.0, 9.0))
def test_reach_of_a_power_law(power, decades):
    """C x^-p falls to 1 at C^(1/p)."""
    amount = 10**decades
    expected = amount ** (1 / power)
    found = reach(lambda x: amount / x**power, 1.0)
    assert found == (pytest.approx(expected, rel=1e-9) if expected < 1e5 else math.inf)


def test_bounds():
    assert bounded(50.0, "m") == Distance(50.0, "m", (), 50.0)
    assert bounded(math.inf, "m", most_m=1e4).distance_m == 1e4


def test_no_distance_is_without_end():
    for found in (
        blast_distance(2, tnt_kg=1e12),
        bleve_distance(3, mass_kg=1e12, heat_of_combustion_mj_kg=46.3),
        pool_fire_distance(3, area_m2=1e12, **PETROL),
    ):
        assert (found.distance_m, found.formula_m) == (1e5, math.inf)
        assert found.flags[-1] == "capped where the model ends (100 km)"


@pytest.mark.parametrize(
    "call",
    [
        lambda: blast_distance(10, tnt_kg=-5),
        lambda: blast_kpa(10, tnt_kg=5, curve="multi-energy"),
        lambda: tnt_mass_kg(10, 46, yield_share=4),
        lambda: pool_fire_distance(10, area_m2=0, **PETROL),
        lambda: pool_fire_distance(10, area_m2=10, radiated_share=35, **PETROL),
        lambda: bleve_distance(10, mass_kg=10, heat_of_combustion_mj_kg=-1),
        lambda: Probit(1, 0, 1),
        lambda: Probit(-6.35, 0.5, 2.75).deaths_share(-1, 30),
        lambda: toxic_load(10, [5, -1], 2),
        lambda: indoor_share(-5),
        lambda: heat_dose(-1, 20),
        lambda: mg_m3_from_ppm(1, 17, temperature_c=-300),
        lambda: attention_area("toxic", lambda mg: Distance(mg, "m"), indoor_mg_m3="20"),
        lambda: Probit(1, 1, 1).concentration_for(0, 30),
        lambda: indoor_share(30, air_changes_per_hour=0),
        lambda: mg_m3_from_ppm(1, -3),
        lambda: scaled_threshold(1, from_minutes=0, to_minutes=1, n=1),
    ],
)
def test_what_cannot_be_is_one_line(call):
    with pytest.raises(ReleaseError) as error:
        call()
    assert "\n" not in str(error.value)
    assert "expected" in str(error.value)
