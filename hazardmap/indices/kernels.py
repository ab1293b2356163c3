"""Monthly sums turned into standard normal values, one series (the years of a cell and calendar month) at a time.

No distribution function is computed for each value: tables are made once, by scipy, and a value is found between two
of their nodes by a cubic, to better than 1e-7.
"""

import math
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from hazardmap.coverage.compiled import compiled

__all__ = ["GREATEST_CLIP", "Recipe", "Tables", "gamma_index", "logistic_index", "tables"]

Array = npt.NDArray[Any]
Work = tuple[npt.NDArray[np.float64], npt.NDArray[np.int64], npt.NDArray[np.float64]]
Floats = npt.NDArray[np.float64]

GREATEST_CLIP = 5.0
"""A few decades of data say nothing about rarer months, and the tables end there."""

LEAST_Z, STEP_Z, SEARCHED = -7.2, 0.05, 256
NODES = 2 + SEARCHED + 2
LEAST_LOG_SHAPE, STEP_LOG_SHAPE, ROWS = math.log(0.05), 0.03, 560
LEAST_LOG_SPREAD, STEP_LOG_SPREAD, SPREADS = math.log(4e-7), 0.01, 1740
STEP_LOGIT, LOGITS = 0.02, 790
CELLS = 64  # sixty years of so many cells stay in the cache of a core
SMALL_SHAPE = 1e-6  # of a logistic distribution: the plain one


class Tables(NamedTuple):
    """What the kernels look up.

    Parameters
    ----------
    quantiles : ndarray, shape (ROWS, NODES)
        Logarithm of the gamma quantile (of scale 1), by the logarithm of the shape and by the standard normal value.
    shapes : ndarray, shape (SPREADS,)
        Logarithm of the most likely gamma shape, by the logarithm of ``log(mean) - mean(log)``.
    normals : ndarray, shape (LOGITS, 2)
        Standard normal value and its slope, by the logit of the probability, from 0 upwards.
    """

    quantiles: Floats
    shapes: Floats
    normals: Floats


class Recipe(NamedTuple):
    """How sums become an index.

    Parameters
    ----------
    months : int
        Months in a sum.
    clip : float
    likely : bool
        Fit by maximum likelihood.
    zeros : int
        Which place a sum of 0 gets.
    fewest : int
        A series with fewer values in the calibration has no index.
    fewest_wet : int
        Nor has, in a gamma distribution, one with fewer values above 0.
    first, last : ndarray, shape (12,)
        The calibration of each calendar month, counted in years from its first one; ``last`` is left out.
    """

    months: int
    clip: float
    likely: bool
    zeros: int
    fewest: int
    fewest_wet: int
    first: npt.NDArray[np.int64]
    last: npt.NDArray[np.int64]


@cache
def tables() -> Tables:
    """Return the tables, made when they are first needed (a tenth of a second)."""
    return Tables(_quantiles(), _shapes(), _normals())


def _quantiles() -> Floats:
    from scipy.special import gammainccinv, gammaincinv, gammaln, log_ndtr, ndtr

    shape = np.exp(LEAST_LOG_SHAPE + STEP_LOG_SHAPE * np.arange(ROWS))[:, None]
    z = (LEAST_Z + STEP_Z * np.arange(NODES))[None, :]
    with np.errstate(divide="ignore"):
        found = np.log(np.where(z < 0, gammaincinv(shape, ndtr(z)), gammainccinv(shape, ndtr(-z))))
    # so near to 0 that of the series only the first term is left: y^a / gamma(a + 1)
    first = (log_ndtr(z) + gammaln(shape + 1)) / shape
    return np.asarray(np.where(first < -30, first, found))


def _shapes() -> Floats:
    from scipy.special import digamma, polygamma

    spread = np.exp(LEAST_LOG_SPREAD + STEP_LOG_SPREAD * np.arange(SPREADS))
    log_shape = np.log((1 + np.sqrt(1 + 4 * spread / 3)) / (4 * spread))
    for _ in range(30):
        shape = np.exp(log_shape)
        slope = 1 - shape * polygamma(1, shape)
        log_shape = log_shape - np.clip((log_shape - digamma(shape) - spread) / slope, -1, 1)
    return np.asarray(log_shape)


def _normals() -> Floats:
    from scipy.special import expit, ndtri

    logit = STEP_LOGIT * np.arange(LOGITS)
    z = -ndtri(expit(-logit))
    slope = expit(logit) * expit(-logit) * np.sqrt(2 * np.pi) * np.exp(z * z / 2)
    return np.stack([z, slope], axis=1)


@compiled
def gamma_index(x: Array, out: Array, recipe: Recipe, tables: Tables) -> None:
    """Fill ``out`` with the index of sums of ``x``, both of shape (time, cells), by a gamma distribution."""
    times, cells = x.shape
    years = times // 12 + 1
    sums, work = np.empty((CELLS, years)), (np.empty(years), np.empty(years, np.int64), np.empty(NODES))
    for start in range(0, cells, CELLS):
        block = x[:, start : start + CELLS]
        for month in range(12):
            years = _sums(block, month, recipe.months, 0.0, sums)
            for cell in range(block.shape[1]):
                _gamma_series(sums[cell, :years], month, recipe, tables, work)
            _put(sums, years, month, out[:, start : start + CELLS])


@compiled
def logistic_index(x: Array, out: Array, recipe: Recipe, tables: Tables) -> None:
    """Fill ``out`` with the index of sums of ``x``, both of shape (time, cells), by a log-logistic distribution."""
    times, cells = x.shape
    sums, sample = np.empty((CELLS, times // 12 + 1)), np.empty(times // 12 + 1)
    for start in range(0, cells, CELLS):
        block = x[:, start : start + CELLS]
        for month in range(12):
            years = _sums(block, month, recipe.months, -np.inf, sums)
            for cell in range(block.shape[1]):
                _logistic_series(sums[cell, :years], month, recipe, tables.normals, sample)
            _put(sums, years, month, out[:, start : start + CELLS])


@compiled
def _sums(x: Array, month: int, months: int, floor: float, sums: Floats) -> int:
    """Sum up the months that end with a calendar month, one column a year; each sum anew, so that no error adds up."""
    times, cells = x.shape
    total = np.empty(cells)
    years = 0
    for time in range(month, times, 12):
        total[:] = 0.0 if time >= months - 1 else np.nan
        for t in range(max(time - months + 1, 0), time + 1):
            for cell in range(cells):
                value = x[t, cell]
                total[cell] += floor if value < floor else value  # noqa: FURB136  (NaN stays NaN)
        sums[:cells, years] = total
        years += 1
    return years


@compiled
def _put(values: Floats, years: int, month: int, out: Array) -> None:
    for year in range(years):
        for cell in range(out.shape[1]):
            out[month + 12 * year, cell] = values[cell, year]


@compiled
def _gamma_series(values: Floats, month: int, recipe: Recipe, tables: Tables, work: Work) -> None:
    clip, (logs, nodes, row) = recipe.clip, work
    for year in range(values.size):
        logs[year] = math.log(values[year])
    n, dry, total, total_log = 0, 0, 0.0, 0.0
    for year in range(recipe.first[month], recipe.last[month]):
        if values[year] > 0:
            total += values[year]
            total_log += logs[year]
        n += values[year] >= 0
        dry += values[year] == 0
    if n < recipe.fewest or n - dry < recipe.fewest_wet:
        values[:] = np.nan
        return
    log_mean = math.log(total / (n - dry))
    log_shape = _log_shape(log_mean - total_log / (n - dry), recipe.likely, tables.shapes)
    fitted = _fill_row(row, tables.quantiles, log_shape)
    at_zero = _place_of_zero(n, dry, recipe.zeros, clip, tables.normals)
    log_scale = log_mean - log_shape
    for year in range(values.size):
        logs[year] -= log_scale
    _look_up(row, logs[: values.size], nodes)
    if dry > 0:
        for year in range(values.size):
            logs[year] = _with_zeros(logs[year], dry / n, tables.normals)
    for year in range(values.size):
        z = min(max(logs[year], -clip), clip) if fitted else np.nan
        values[year] = z if values[year] > 0 else values[year] + at_zero  # of 0, or of NaN


@compiled
def _log_shape(spread: float, likely: bool, shapes: Floats) -> float:  # noqa: FBT001
    """Logarithm of the shape of a gamma distribution; NaN where the values do not spread."""
    if spread < 1e-6:  # beyond what the tables hold: the values differ by less than a thousandth
        return np.nan
    if not likely:
        return math.log((1 + math.sqrt(1 + 4 * spread / 3)) / (4 * spread))
    place = (math.log(spread) - LEAST_LOG_SPREAD) / STEP_LOG_SPREAD
    k = int(place)
    if k > SPREADS - 3:
        return np.nan
    a, b, c, d = _weights(place - k)
    return float(a * shapes[k - 1] + b * shapes[k] + c * shapes[k + 1] + d * shapes[k + 2])


@compiled
def _weights(t: float) -> tuple[float, float, float, float]:
    """Weights of four equidistant nodes in the cubic through them, between the two in the middle."""
    return (
        -t * (t - 1) * (t - 2) / 6,
        (t + 1) * (t - 1) * (t - 2) / 2,
        -(t + 1) * t * (t - 2) / 2,
        (t + 1) * t * (t - 1) / 6,
    )


@compiled
def _fill_row(row: Floats, quantiles: Floats, log_shape: float) -> bool:
    """Fill ``row`` with the quantiles of one shape; False where it is NaN or beyond the table."""
    place = (log_shape - LEAST_LOG_SHAPE) / STEP_LOG_SHAPE
    if not 1 <= place < ROWS - 2:
        return False
    k = int(place)
    a, b, c, d = _weights(place - k)
    for j in range(NODES):
        row[j] = a * quantiles[k - 1, j] + b * quantiles[k, j] + c * quantiles[k + 1, j] + d * quantiles[k + 2, j]
    return True


@compiled
def _look_up(row: Floats, values: Floats, nodes: npt.NDArray[np.int64]) -> None:
    """Turn logarithms of gamma variables into standard normal values: each by a cubic between two nodes.

    The nodes are found first, without a branch, and for all values, so that a processor works on several at a time.
    """
    for j in range(values.size):
        v = min(max(values[j], row[2]), row[SEARCHED + 1])
        k, half = 2, SEARCHED // 2
        while half > 0:
            k += half * (row[k + half] <= v)
            half //= 2
        values[j], nodes[j] = v, k
    for j in range(values.size):
        # slopes of the nodes from the four around each, and all three quotients by one division
        k = nodes[j]
        h = row[k + 1] - row[k]
        left = row[k - 2] - row[k + 2] + 8 * (row[k + 1] - row[k - 1])
        right = row[k - 1] - row[k + 3] + 8 * (row[k + 2] - row[k])
        one = 1 / (h * left * right)
        t = (values[j] - row[k]) * left * right * one
        slopes = 12 * h * h * right * one, 12 * h * h * left * one
        values[j] = LEAST_Z + STEP_Z * (k + _hermite(t, 0.0, slopes[0], 1.0, slopes[1]))


@compiled
def _hermite(t: float, at_0: float, slope_0: float, at_1: float, slope_1: float) -> float:
    rise = at_1 - at_0
    return at_0 + t * (slope_0 + t * (3 * rise - 2 * slope_0 - slope_1 + t * (slope_0 + slope_1 - 2 * rise)))


@compiled
def _normal_of_logit(logit: float, normals: Floats) -> float:
    place = abs(logit) / STEP_LOGIT
    place = place if place < LOGITS - 1.001 else LOGITS - 1.001  # noqa: FURB136  (where it is NaN, too)
    k = int(place)
    left, right = STEP_LOGIT * normals[k, 1], STEP_LOGIT * normals[k + 1, 1]
    return math.copysign(_hermite(place - k, normals[k, 0], left, normals[k + 1, 0], right), logit)


@compiled
def _with_zeros(z: float, dry: float, normals: Floats) -> float:
    """Return the standard normal value of ``q + (1 - q) Phi(z)``."""
    above = (1 - dry) * 0.5 * math.erfc(z * math.sqrt(0.5))
    return _normal_of_logit(math.log((1 - above) / above), normals) if above > 0 else np.inf


@compiled
def _place_of_zero(n: int, dry: int, zeros: int, clip: float, normals: Floats) -> float:
    """Index of a sum of 0: none in the calibration is the worst there is."""
    if dry == 0:
        return -clip
    p = dry / n
    if zeros == 0:
        p /= 2
    elif zeros == 3:
        p = (dry + 1) / (2 * (n + 1))
    z = _normal_of_logit(math.log(p / (1 - p)), normals)
    if zeros == 2:
        z = -math.exp(-z * z / 2) / math.sqrt(2 * math.pi) / p
    return float(max(z, -clip))


@compiled
def _logistic_series(values: Floats, month: int, recipe: Recipe, normals: Floats, sample: Floats) -> None:
    n = _sorted(values[recipe.first[month] : recipe.last[month]], sample)
    place, scale, shape = _moments_fit(sample[:n])
    if n < recipe.fewest or not (scale > 0 and abs(shape) < 1):
        values[:] = np.nan
        return
    if recipe.likely:
        place, scale, shape = _likeliest(sample[:n], place, scale, shape)
    clip = recipe.clip
    for year in range(values.size):
        values[year] = _logit((values[year] - place) / scale, shape)
    for year in range(values.size):
        logit = values[year]
        z = _normal_of_logit(logit, normals)
        values[year] = min(max(z, -clip), clip) if logit == logit else np.nan  # noqa: PLR0124  (NaN is not itself)


@compiled
def _sorted(values: Floats, out: Floats) -> int:
    """Put the values that are not missing into ``out``, the least first; return how many they are."""
    n = 0
    for value in values:
        if value == value:  # noqa: PLR0124  (NaN is not itself)
            j = n
            while j > 0 and out[j - 1] > value:
                out[j] = out[j - 1]
                j -= 1
            out[j] = value
            n += 1
    return n


@compiled
def _logit(y: float, shape: float) -> float:
    """Logit of the probability of a generalised logistic variable; infinite outside of its support."""
    if abs(shape) <= SMALL_SHAPE:
        return y
    inside = 1 - shape * y
    return math.copysign(np.inf, shape) if inside <= 0 else -math.log(inside) / shape  # NaN stays NaN


@compiled
def _moments_fit(x: Floats) -> tuple[float, float, float]:
    """Place, scale and shape of a generalised logistic distribution by unbiased probability-weighted moments."""
    n = x.size
    if n < 3:
        return np.nan, np.nan, np.nan
    b0, b1, b2 = 0.0, 0.0, 0.0
    for j in range(n):
        b0 += x[j]
        b1 += j / (n - 1) * x[j]
        b2 += j * (j - 1) / ((n - 1) * (n - 2)) * x[j]
    l1, l2, l3 = b0 / n, (2 * b1 - b0) / n, (6 * b2 - 6 * b1 + b0) / n
    shape = -l3 / l2
    if abs(shape) <= SMALL_SHAPE:
        return l1, l2, 0.0
    scale = l2 * math.sin(shape * math.pi) / (shape * math.pi)
    return l1 - scale * (1 / shape - math.pi / math.sin(shape * math.pi)), scale, shape


@compiled
def _likeliest(x: Floats, place: float, scale: float, shape: float) -> tuple[float, float, float]:
    """Climb from one fit to the most likely one (Berndt, Hall, Hall and Hausman 1974)."""
    u = (x - place) / scale
    best = np.array([0.0, 1.0, shape])
    likelihood, gradient, information = _scores(u, best)
    for _ in range(200):
        step = np.linalg.solve(information + 1e-9 * np.trace(information) * np.eye(3), gradient)
        if gradient @ step < 1e-10:
            break
        length, found = 1.0, -np.inf
        while length > 1e-6 and not found > likelihood:
            trial = best + length * step
            found, trial_gradient, trial_information = _scores(u, trial)
            length /= 2
        if not found > likelihood:
            break
        best, likelihood, gradient, information = trial, found, trial_gradient, trial_information
    return place + scale * best[0], scale * best[1], best[2]


@compiled
def _scores(u: Floats, parameters: Floats) -> tuple[float, Floats, Floats]:
    """Log-likelihood of a generalised logistic distribution, its gradient, and the sum of its outer products."""
    place, scale, shape = parameters
    likelihood, gradient, information = 0.0, np.zeros(3), np.zeros((3, 3))
    if scale <= 0 or abs(shape) >= 1:
        return -np.inf, gradient, information
    score = np.empty(3)
    for value in u:
        v = (value - place) / scale
        inside = 1 - shape * v
        if inside <= 0:
            return -np.inf, gradient, information
        y = _logit(v, shape)
        below = 1 / (1 + math.exp(-y))
        likelihood += -math.log(scale) - (1 - shape) * y - 2 * math.log1p(math.exp(-y))
        pull = 1 + shape - 2 * below
        score[0] = -pull / (scale * inside)
        score[1] = -1 / scale - pull * v / (scale * inside)
        score[2] = y + pull * ((v / inside - y) / shape if abs(shape) > SMALL_SHAPE else v * v / 2)
        gradient += score
        information += np.outer(score, score)
    return likelihood, gradient, information
