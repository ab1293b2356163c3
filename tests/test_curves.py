"""Expected annual values against closed forms."""

import numpy as np
import pytest

from hazardmap.curves import expected_annual


def test_a_value_constant_over_all_scenarios():
    """5 per event between 1/10 and 1/100 a year: 5 x 0.09; with the tail 5 x 0.1."""
    assert expected_annual([0.1, 0.01], [5, 5], rare_tail="none") == pytest.approx(0.45)
    assert expected_annual([0.1, 0.01], [5, 5], rare_tail="constant") == pytest.approx(0.5)


def test_the_order_of_scenarios_does_not_matter():
    assert expected_annual([0.01, 0.1, 0.02], [9, 1, 5], rare_tail="none") == expected_annual(
        [0.1, 0.02, 0.01], [1, 5, 9], rare_tail="none"
    )


def test_the_trapezoid_overestimates_a_convex_curve_by_its_known_error():
    """The integral of exp(-50 p) from 0.001 to 0.1 in closed form; error bound h**2 / 12 * (b - a) * max second derivative."""
    p = np.linspace(0.001, 0.1, 34)
    exact = (np.exp(-50 * 0.001) - np.exp(-50 * 0.1)) / 50
    found = expected_annual(p, np.exp(-50 * p), rare_tail="none")
    assert 0 < found - exact < (p[1] - p[0]) ** 2 / 12 * (p[-1] - p[0]) * 2500


def test_two_scenarios_of_one_probability_are_refused():
    with pytest.raises(ValueError, match="share a probability"):
        expected_annual([0.1, 0.1], [1, 2], rare_tail="none")
