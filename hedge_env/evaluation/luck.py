r"""How much of what each path cost was luck, by regression on numbers of mean zero.

With the controls Z of a path, whose means are zero (`risk/surprises`), and what is
measured on it, X, the luck of a path is

.. math:: L_i = \beta_{-f(i)} \cdot Z_i, \qquad
          \beta_{-f} = \arg\min_\beta \sum_{f(i) \ne f} (X_i - \alpha - \beta Z_i)^2
                       + \rho \sum_j \beta_j^2 s_j^2,

with :math:`f(i)` one of ten folds that the path is in and :math:`s_j^2` the sum of
squares of a control. The coefficients of a path have not seen it, so that L has mean
zero and :math:`X - L` the mean of X; the spread is that of what the controls do not
explain. L is linear in X: the luck of a difference is the difference of both lucks.

Source: Glasserman (2003), *Monte Carlo Methods in Financial Engineering*, section 4.1,
where the coefficients come from the same paths, which biases the mean by a little.
"""

from __future__ import annotations

import numpy as np

from hedge_env.base.types import FloatArray

LEAST_PATHS = 100  # below, coefficients say little
_FOLDS = 10
_RIDGE = 1e-3  # of the diagonal
_RIDGE_PATHS = 20.0  # paths' worth of it, added
_TINY = 1e-12  # of a control relative to the largest


def cross_fitted_luck(controls: FloatArray, sums: FloatArray) -> FloatArray:
    """Luck of every path in each of some sums; zeros where there are too few paths.

    Args:
        controls: Z, shape (n_controls, n); those that are always zero do nothing.
        sums: X, shape (n_sums, n).

    Returns:
        L, shape (n_sums, n), in the units of the sums.
    """
    n = controls.shape[1]
    luck: FloatArray = np.zeros_like(sums)
    size = np.sqrt((controls**2).mean(axis=1))
    known = size > _TINY * max(float(size.max(initial=0.0)), _TINY)
    if n < LEAST_PATHS or not known.any():
        return luck
    scaled = controls[known] / size[known, None]
    folds = [np.arange(first, n, _FOLDS) for first in range(_FOLDS)]
    parts = [scaled[:, fold] for fold in folds]
    known_sums = zip(parts, (sums[:, fold] for fold in folds), strict=True)
    moments = [_moments(part, own) for part, own in known_sums]
    for number, fold in enumerate(folds):
        others = [m for other, m in enumerate(moments) if other != number]
        luck[:, fold] = _coefficients(others, n - fold.size) @ parts[number]
    return luck


def _moments(controls: FloatArray, sums: FloatArray) -> tuple[FloatArray, ...]:
    """Squares of controls, products with the sums, and totals of both."""
    square, product = controls @ controls.T, controls @ sums.T
    return square, product, controls.sum(axis=1), sums.sum(axis=1)


def _coefficients(folds: list[tuple[FloatArray, ...]], n: int) -> FloatArray:
    """Slopes of the regression on some folds of n paths, shape (n_sums, n_controls)."""
    square, product, mean, level = (
        np.sum(each, axis=0) for each in zip(*folds, strict=True)
    )
    square = square - np.outer(mean, mean) / n
    square[np.diag_indices_from(square)] += _RIDGE * n + _RIDGE_PATHS
    found: FloatArray = np.linalg.solve(square, product - np.outer(mean, level) / n)
    return found.T
