"""Expected annual values against closed forms and a table worked out by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hazardmap.curves import annual_weights, expected_annual, probability_of


def test_a_value_constant_over_all_scenarios():
    """5 per event between 1/10 and 1/100 a year: 5 x 0.09; with the tail 5 x 0.1."""
    assert expected_annual([0.1, 0.01], [5, 5], rare_tail="none") == pytest.approx(0.45)
    assert expected_annual([0.1, 0.01], [5, 5], rare_tail="constant") == pytest.approx(0.5)
    assert expected_annual([0.1, 0.01], [5, 5], rare_tail="linear") == pytest.approx(0.5)


def test_the_order_of_scenarios_does_not_matter():
    assert expected_annual([0.01, 0.1, 0.02], [9, 1, 5], rare_tail="none") == expected_annual(
        [0.1, 0.02, 0.01], [1, 5, 9], rare_tail="none"
    )


# Damages of 10, 40, 100 and 160 at return periods of 10, 50, 100 and 500 years, worked out by hand:
#   between 10 and 50:   (10 + 40) / 2 x 0.08   = 2.00
#   between 50 and 100:  (40 + 100) / 2 x 0.01  = 0.70
#   between 100 and 500: (100 + 160) / 2 x 0.008 = 1.04       together 3.74
#   constant tail 160 x 0.002 = 0.32; linear tail: 160 + 60 / 0.008 x 0.002 = 175 at 0, (160 + 175) / 2 x 0.002 = 0.335
#   zero at 1 in 5: 10 / 2 x 0.1 = 0.50
#   protected up to 1 in 25: at 0.04 the damage is 32.5; (32.5 + 40) / 2 x 0.02 = 0.725 instead of 2.00
#   protected up to 1 in 1000: nothing but half of the tail, 160 x 0.001 = 0.16
#   log-linear: p2 v2 - p1 v1 - (v2 - v1) / ln(p2 / p1) (p2 - p1) per step: 1 - .8 + 30 / ln 5 x .08 = 1.69120;
#     .8 - 1 + 60 / ln 2 x .01 = .66562; 1 - .32 + 60 / ln 5 x .008 = .97824
BY_HAND = {
    "no tails": ({"rare_tail": "none"}, 3.74),
    "constant": ({"rare_tail": "constant"}, 4.06),
    "linear": ({"rare_tail": "linear"}, 4.075),
    "zero at 5": ({"rare_tail": "none", "zero_at": 1 / 5}, 4.24),
    "protected to 25": ({"rare_tail": "none", "limit": 1 / 25}, 2.465),
    "protected to 25, zero at 5": ({"rare_tail": "none", "limit": 1 / 25, "zero_at": 1 / 5}, 2.465),
    "protected to 1000": ({"rare_tail": "constant", "limit": 1 / 1000}, 0.16),
    "protected to 5": ({"rare_tail": "none", "limit": 1 / 5}, 3.74),
    "log-linear": ({"rare_tail": "none", "method": "log-linear"}, 3.33506),
}


@pytest.mark.parametrize("case", BY_HAND, ids=BY_HAND)
def test_the_table_by_hand(case):
    options, expected = BY_HAND[case]
    probability, damage = 1 / np.array([10, 50, 100, 500]), np.array([10.0, 40, 100, 160])
    assert expected_annual(probability, damage, **options) == pytest.approx(expected, abs=5e-6)
    # and as weights
    limit = options.pop("limit", None)
    weights = annual_weights(probability, **options, limit=None if limit is None else [limit])
    assert (weights * damage).sum() == pytest.approx(expected, abs=5e-6)


RATE, NODES = 50.0, np.linspace(0.002, 0.2, 67)


@pytest.mark.parametrize(
    ("options", "low", "high"),
    [
        ({"rare_tail": "none"}, 0.002, 0.2),
        ({"rare_tail": "linear"}, 0.0, 0.2),
        ({"rare_tail": "linear", "limit": 0.05}, 0.0, 0.05),
        ({"rare_tail": "none", "limit": 0.11}, 0.002, 0.11),
    ],
    ids=["no tails", "linear tail", "protected, linear tail", "protected"],
)
def test_an_exponential_curve_in_closed_form(options, low, high):
    """The trapezoid overestimates the convex exp(-50 p), by at most h**2 / 12 x (b - a) x the second derivative."""
    exact = (np.exp(-RATE * low) - np.exp(-RATE * high)) / RATE
    found = expected_annual(NODES, np.exp(-RATE * NODES), **options)
    step = NODES[1] - NODES[0]
    bound = step**2 / 12 * (high - low) * RATE**2
    # a tail carried on as a line is below a convex curve, by at most its second derivative x p**2 x ... over one step
    below = 0.0 if options["rare_tail"] == "none" else NODES[0] ** 3 * RATE**2
    assert -below < found - exact < bound


def test_an_exponential_curve_with_the_other_tails():
    """Constant: the rarest value down to 0. Zero at 1/4: the triangle that closes the curve."""
    exact = (np.exp(-RATE * 0.002) - np.exp(-RATE * 0.2)) / RATE
    value = np.exp(-RATE * NODES)
    error = expected_annual(NODES, value, rare_tail="none") - exact
    constant = exact + 0.002 * np.exp(-RATE * 0.002)
    assert expected_annual(NODES, value, rare_tail="constant") - error == pytest.approx(constant, rel=1e-12)
    closed = exact + 0.05 * np.exp(-RATE * 0.2) / 2
    assert expected_annual(NODES, value, rare_tail="none", zero_at=0.25) - error == pytest.approx(closed, rel=1e-12)


def test_log_linear_is_exact_on_a_logarithmic_curve():
    """Integral of -ln p from 0 to 1/10 is p - p ln p, tail and all."""
    p = np.array([0.1, 0.02, 0.004])
    found = expected_annual(p, -np.log(p), method="log-linear", rare_tail="linear")
    assert found == pytest.approx(0.1 - 0.1 * np.log(0.1), rel=1e-12)


def test_the_methods_differ_by_a_few_percent_on_real_shapes():
    """Peers that integrate differently differ by some percent: the choice is named because it matters."""
    p, damage = 1 / np.array([10, 50, 100, 500]), [0.0, 40, 70, 160]
    one, other = (expected_annual(p, damage, method=m, rare_tail="constant") for m in ("trapezoid", "log-linear"))
    assert 1.03 < one / other < 1.25


@given(
    st.lists(st.floats(0, 1e9), min_size=2, max_size=6),
    st.lists(st.floats(0, 1e9), min_size=2, max_size=6),
    st.floats(1, 2000),
    st.sampled_from(["trapezoid", "log-linear"]),
    st.sampled_from(["none", "constant", "linear"]),
)
def test_it_is_linear_in_the_values(one, other, standard, method, tail):
    """So that what is expected of the parts adds up to what is expected of the whole."""
    size = min(len(one), len(other))
    p = 1 / np.array([2.0, 10, 30, 100, 300, 1000])[:size]
    a, b = np.array(one[:size]), np.array(other[:size])
    options = {"method": method, "rare_tail": tail, "limit": 1 / standard}
    parts = expected_annual(p, a, **options) + expected_annual(p, b, **options)
    assert parts == pytest.approx(expected_annual(p, a + b, **options), rel=1e-9, abs=1e-3)


def test_return_periods_of_peaks_and_of_yearly_maxima():
    assert probability_of(100) == pytest.approx(0.01)
    assert probability_of(100, counting="poisson") == pytest.approx(1 - np.exp(-0.01))


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="share a probability"):
        expected_annual([0.1, 0.1], [1, 2], rare_tail="none")
    with pytest.raises(ValueError, match="more frequent event"):
        expected_annual([0.1, 0.01], [1, 2], rare_tail="none", zero_at=0.05)
    with pytest.raises(ValueError, match="needs two scenarios"):
        expected_annual([0.1], [1], rare_tail="linear")
    with pytest.raises(ValueError, match="expected more than 0"):
        expected_annual([0.1, 0.0], [1, 1], rare_tail="none")
