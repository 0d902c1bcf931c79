"""The generation parameters of MNIST-1D (the paper's Table 2) as one frozen, validated dataclass."""

from __future__ import annotations

import dataclasses
import numbers
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..utils.checks import check_integer, check_real, type_error, value_error
from .templates import NUM_CLASSES

SCALE_NAMES = ("scale_coeff", "corr_noise_scale", "iid_noise_scale", "shear_scale")
"""The parameters that scale the signals and their noise."""


@dataclass(frozen=True)
class GenerationParameters:
    """Everything that determines the bytes of a dataset, named as in the original package.

    The defaults are Table 2 of Greydanus & Kobak, "Scaling Down Deep Learning with MNIST-1D" (ICML 2024). Values are
    normalised: integers become `int`, scales become `float`, padding becomes a tuple. Integers are below 2**63. What takes
    more than 8 GiB of memory to generate is refused when it is to be generated.

    Parameters
    ----------
    num_samples : int
        Rows of the train and test splits together, >= 10; rounded down to a multiple of the number of classes, which
        all have the same number of rows.
    train_split : float
        Fraction of the rows in the train split, in (0, 1).
    template_len : int
        Nominal length of a template, >= 2: signals are dilated to ``template_len + padding[1]`` points.
    padding : tuple of int
        Minimum and maximum number of zeros appended to a template, both inclusive, ``0 <= low <= high``.
    scale_coeff : float
        Signals are multiplied by a factor drawn uniformly from ``1 +- scale_coeff / 2``, >= 0.
    max_translation : int
        Signals are rotated to the right by ``0 <= k < max_translation`` points, >= 1.
    corr_noise_scale : float
        Standard deviation of the noise in the padding, before it is smoothed by a Gaussian filter of sigma 2, >= 0.
    iid_noise_scale : float
        Standard deviation of the white noise added to every point, >= 0.
    shear_scale : float
        A line with a slope drawn uniformly from ``+- shear_scale / 2`` is subtracted, >= 0.
    shuffle_seq : bool
        Whether one fixed permutation is applied to the positions of all signals.
    final_seq_length : int
        Number of points in a finished signal, >= 2.
    seed : int
        Seed of every random draw, in ``[0, 2**32)``.

    Raises
    ------
    TypeError
        If a value is of the wrong type.
    ValueError
        If a value is out of range.

    Examples
    --------
    >>> GenerationParameters(padding=[10, 20]).padding
    (10, 20)
    """

    num_samples: int = 5000
    train_split: float = 0.8
    template_len: int = 12
    padding: tuple[int, int] = (36, 60)
    scale_coeff: float = 0.4
    max_translation: int = 48
    corr_noise_scale: float = 0.25
    iid_noise_scale: float = 0.02
    shear_scale: float = 0.75
    shuffle_seq: bool = False
    final_seq_length: int = 40
    seed: int = 42

    def __post_init__(self) -> None:
        self._set("num_samples", check_integer("num_samples", self.num_samples, low=NUM_CLASSES))
        train_split = check_real("train_split", self.train_split)
        if not 0 < train_split < 1:
            raise value_error("train_split", self.train_split, "a number strictly between 0 and 1")
        self._set("train_split", train_split)
        self._set("template_len", check_integer("template_len", self.template_len, low=2))
        self._set("padding", _padding(self.padding))
        self._set("max_translation", check_integer("max_translation", self.max_translation, low=1))
        for name in SCALE_NAMES:
            scale = check_real(name, getattr(self, name))
            if scale < 0:
                raise value_error(name, getattr(self, name), "a non-negative number")
            self._set(name, scale)
        if not isinstance(self.shuffle_seq, (bool, np.bool_)):
            raise type_error("shuffle_seq", self.shuffle_seq, "True or False")
        self._set("shuffle_seq", bool(self.shuffle_seq))
        self._set("final_seq_length", check_integer("final_seq_length", self.final_seq_length, low=2))
        self._set("seed", check_integer("seed", self.seed, low=0, high=2**32 - 1))

    def _set(self, name: str, value: object) -> None:
        """Store a normalised value; the dataclass is frozen for everybody else."""
        object.__setattr__(self, name, value)

    def replace(self, **changes: Any) -> GenerationParameters:
        """Return a copy in which some values are changed.

        Parameters
        ----------
        **changes : object
            New values by parameter name.

        Returns
        -------
        GenerationParameters
            The validated copy.

        Raises
        ------
        TypeError
            If a name is not a generation parameter, or a value is of the wrong type.
        ValueError
            If a value is out of range.

        Examples
        --------
        >>> GenerationParameters().replace(corr_noise_scale=0.5).corr_noise_scale
        0.5
        """
        check_parameter_names(changes)
        return dataclasses.replace(self, **changes)

    @property
    def dilated_length(self) -> int:
        """Number of points of a signal between dilation and down-sampling (72 by default)."""
        return self.template_len + self.padding[1]


PARAMETER_NAMES = tuple(field.name for field in dataclasses.fields(GenerationParameters))


def check_parameter_names(names: Iterable[str]) -> None:
    """Raise a TypeError that lists the generation parameters unless each name is one of them."""
    unknown = sorted(set(names) - set(PARAMETER_NAMES))
    if unknown:
        raise TypeError(
            f"unknown generation parameter{'s' * (len(unknown) > 1)} {', '.join(map(repr, unknown))}; "
            f"the parameters are {', '.join(PARAMETER_NAMES)}"
        )


def _padding(value: object) -> tuple[int, int]:
    allowed = "two integers (low, high) with 0 <= low <= high"
    if not isinstance(value, (tuple, list)) or any(
        isinstance(end, bool) or not isinstance(end, numbers.Integral) for end in value
    ):
        raise type_error("padding", value, allowed)
    if len(value) != 2 or not 0 <= value[0] <= value[1]:
        raise value_error("padding", value, allowed)
    if value[1] >= 2**63:
        raise value_error("padding", value, f"{allowed} < 2**63")
    return int(value[0]), int(value[1])
