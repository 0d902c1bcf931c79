"""The construction of one example, step by step (Figure 1 of the paper), from drawn numbers or from given ones."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..utils.checks import check_integer, check_real, type_error, value_error
from .drawing import draw_sequentially, legacy_words
from .memory import check_memory
from .parameters import GenerationParameters
from .templates import NUM_CLASSES, get_templates
from .transform import Draws, Transform, large_numbers, padded, too_large

NOISE_NAMES = ("corr_noise", "iid_noise")
DRAW_NAMES = ("padding", "scale", "translation", *NOISE_NAMES, "shear")
"""What is drawn for an example."""


def construction_steps(
    digit: int,
    parameters: GenerationParameters | None = None,
    *,
    seed: int,
    draws: Mapping[str, Any] | None = None,
) -> dict[str, NDArray[np.float64]]:
    """Make one example and return every intermediate signal (Figure 1 of the paper).

    Parameters
    ----------
    digit : int
        Digit to make, 0 to 9.
    parameters : GenerationParameters, optional
        Table 2 of the paper by default; ``parameters.seed`` is ignored.
    seed : int
        Seed of the example, in ``[0, 2**32)``.
    draws : mapping of str to number or array, optional
        Values that take the place of what the seed draws; it still draws the others. Any of

        - ``padding``: zeros appended, from 0 to the greater of ``parameters.padding``;
        - ``scale``: from 0 to 1, for the smallest factor to the largest, ``1 +- scale_coeff / 2``;
        - ``translation``: points rotated to the right, at least 0;
        - ``corr_noise``, ``iid_noise``: ``dilated_length`` numbers each, which the parameters scale, and the first is smoothed;
        - ``shear``: from 0 to 1, for the slopes ``+- shear_scale / 2``.

        The paper's paddings and translations are whole numbers. Between two of them the signal changes evenly from the one
        to the other.

    Returns
    -------
    dict of str to ndarray of float64
        In the order of construction: ``template`` (12 points), ``padded`` (12 points and the padding, rounded up), ``dilated``,
        ``scaled``, ``translated``, ``with noise``, ``sheared`` (72 points each by default), ``down-sampled``
        (final_seq_length). A single example is neither standardised nor, with ``shuffle_seq``, permuted.

    Raises
    ------
    TypeError
        If ``digit`` or ``seed`` is not an integer, or if ``draws`` has an unknown name or a value of the wrong type.
    ValueError
        If ``digit``, ``seed`` or a value of ``draws`` is out of range, if it would take more than 8 GiB of memory, or if a
        scale is so large that the signal is not finite.

    Examples
    --------
    >>> steps = construction_steps(4, seed=0)
    >>> [len(signal) for signal in steps.values()]
    [12, 61, 72, 72, 72, 72, 72, 40]
    >>> steps = construction_steps(4, seed=0, draws={"padding": 40, "translation": 12.5})
    >>> [len(signal) for signal in steps.values()]
    [12, 52, 72, 72, 72, 72, 72, 40]
    """
    check_integer("digit", digit, low=0, high=NUM_CLASSES - 1)
    parameters = (parameters or GenerationParameters()).replace(seed=seed)
    check_memory(parameters, rows=1)
    templates = get_templates()
    transform = Transform(parameters, templates, np.float64)
    neighbours, weights = _neighbours({**_drawn(parameters), **_checked(draws, parameters)}, parameters.dilated_length)

    def blend(signals: NDArray[Any]) -> NDArray[np.float64]:
        blended: NDArray[np.float64] = (signals * weights).sum(axis=1)
        return blended

    dilated = np.stack([transform.dilated(int(padding))[digit] for padding in neighbours.padding], axis=1)
    with large_numbers():
        translated = transform.translated(np.full(len(weights), digit), neighbours)
        noisy = transform.with_noise(translated.copy(), neighbours)
        sheared = transform.sheared(noisy.copy(), neighbours)
        down_sampled = blend(transform.down_sampled(sheared))
    if not np.isfinite(down_sampled).all():
        raise too_large(parameters, down_sampled.dtype)
    return {
        "template": templates["x"][digit],
        "padded": padded(templates["x"], int(neighbours.padding.max()))[digit],
        "dilated": blend(dilated),
        "scaled": blend(dilated * transform.scale_factor(neighbours)),
        "translated": blend(translated),
        "with noise": blend(noisy),
        "sheared": blend(sheared),
        "down-sampled": down_sampled,
    }


def _drawn(parameters: GenerationParameters) -> dict[str, Any]:
    """Return what the seed draws, by name."""
    drawn = draw_sequentially(legacy_words(parameters.seed), 1, parameters)
    return {name: getattr(drawn, name)[..., 0] for name in DRAW_NAMES}


def _neighbours(draws: Mapping[str, Any], length: int) -> tuple[Draws, NDArray[np.float64]]:
    """Return examples with the whole paddings and translations next to given ones, and their weights, which sum to 1."""
    # Rotating by the signal's length or more has no effect.
    translation = min(float(draws["translation"]), float(length))
    corners = [
        (padding, shift, padding_weight * shift_weight)
        for padding, padding_weight in _whole(float(draws["padding"]))
        for shift, shift_weight in _whole(translation)
    ]
    paddings, translations, weights = zip(*corners, strict=True)
    count = len(corners)
    examples = Draws(
        padding=np.array(paddings),
        scale=np.full(count, draws["scale"]),
        translation=np.array(translations),
        corr_noise=np.repeat(draws["corr_noise"][:, None], count, axis=1),
        iid_noise=np.repeat(draws["iid_noise"][:, None], count, axis=1),
        shear=np.full(count, draws["shear"]),
    )
    return examples, np.array(weights)


def _whole(number: float) -> list[tuple[int, float]]:
    """Return the whole numbers next to a number, with their weights; a whole number alone."""
    low = math.floor(number)
    fraction = number - low
    return [(low, 1 - fraction), (low + 1, fraction)] if fraction else [(low, 1.0)]


def _checked(draws: Mapping[str, Any] | None, parameters: GenerationParameters) -> dict[str, Any]:
    """Return given draws as floats and arrays; raise a TypeError or a ValueError for a name or a value that cannot be."""
    if draws is None:
        return {}
    if not isinstance(draws, Mapping):
        raise type_error("draws", draws, f"a mapping with any of {', '.join(DRAW_NAMES)}")
    unknown = [name for name in draws if name not in DRAW_NAMES]
    if unknown:
        raise TypeError(
            f"unknown draw{'s' * (len(unknown) > 1)} {', '.join(map(repr, unknown))}; the draws are {', '.join(DRAW_NAMES)}"
        )
    highest = {"padding": float(parameters.padding[1]), "translation": math.inf, "scale": 1.0, "shear": 1.0}
    return {
        name: _noise(name, value, parameters.dilated_length)
        if name in NOISE_NAMES
        else _number(name, value, highest[name])
        for name, value in draws.items()
    }


def _number(name: str, value: object, high: float) -> float:
    number = check_real(f"draws[{name!r}]", value)
    if not 0 <= number <= high:
        allowed = "a number of at least 0" if high == math.inf else f"a number from 0 to {high:g}"
        raise value_error(f"draws[{name!r}]", value, allowed)
    return number


def _noise(name: str, value: object, length: int) -> NDArray[np.float64]:
    allowed = f"an array of {length} finite numbers"
    try:
        noise = np.asarray(value)
    except ValueError as error:  # lists of different lengths
        raise type_error(f"draws[{name!r}]", value, allowed) from error
    if noise.dtype.kind not in "fiu":
        raise type_error(f"draws[{name!r}]", value, allowed)
    if noise.shape != (length,):
        raise ValueError(f"the {f'draws[{name!r}]'!r} parameter must be {allowed}, got one of shape {noise.shape}")
    if not np.isfinite(noise).all():
        raise value_error(f"draws[{name!r}]", value, allowed)
    return noise.astype(np.float64)
