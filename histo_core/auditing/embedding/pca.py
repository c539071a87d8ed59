"""Compute principal components of more rows than fit into memory: one pass for the covariance, one to project."""

from __future__ import annotations

import numpy as np


class Covariance:
    """The mean and covariance of rows in batches, in float64.

    Sums are taken about the first batch's mean, because sums about zero lose precision when the mean is far from zero.
    """

    def __init__(self) -> None:
        self.count = 0
        self._centre = self._sum = self._products = np.zeros(0)

    def add(self, rows: np.ndarray) -> None:
        """Add a batch of rows, float [n, width]."""
        rows = rows.astype(np.float64)
        if not self.count:
            width = rows.shape[1]
            self._centre, self._sum, self._products = rows.mean(axis=0), np.zeros(width), np.zeros((width, width))
        rows -= self._centre
        self.count += len(rows)
        self._sum += rows.sum(axis=0)
        self._products += rows.T @ rows

    def components(self, n: int) -> Components:
        """Return the first n principal components; at least one row must have been added.

        The sign of each axis makes its largest entry positive, as in scikit-learn.
        """
        shift = self._sum / self.count
        covariance = self._products / self.count - np.outer(shift, shift)
        values, vectors = np.linalg.eigh(covariance)
        values, axes = values[::-1][:n].clip(0), vectors[:, ::-1][:, :n]
        axes = axes * np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])])
        return Components(self._centre + shift, axes, values / (np.trace(covariance) or 1.0))


class Components:
    """A linear map onto principal axes.

    Attributes:
        mean: float64 [width].
        axes: float64 [width, n], orthonormal columns.
        explained: float64 [n], the share of the whole variance along each axis.
    """

    def __init__(self, mean: np.ndarray, axes: np.ndarray, explained: np.ndarray) -> None:
        self.mean, self.axes, self.explained = mean, axes, explained

    def project(self, rows: np.ndarray) -> np.ndarray:
        """Project rows, float [m, width], to float32 [m, n]."""
        return ((rows - self.mean) @ self.axes).astype(np.float32)
