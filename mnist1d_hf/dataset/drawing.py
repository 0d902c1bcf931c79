"""The random numbers of examples: the original package's one stream, or a stream of their own for the shards."""

from __future__ import annotations

import numpy as np

from .parameters import GenerationParameters
from .transform import Draws


def legacy_words(seed: int) -> np.random.MT19937:
    """Return the words of 32 bits from which ``RandomState(seed)`` makes its numbers."""
    words = np.random.MT19937()
    np.random.RandomState(words).seed(seed)
    return words


def draw_sequentially(words: np.random.MT19937, examples: int, parameters: GenerationParameters) -> Draws:
    """Draw example after example, in the order of the original package."""
    # Normal numbers are made in pairs; an even number is drawn here, so half a pair is never lost with this object.
    rng = np.random.RandomState(words)
    length = parameters.dilated_length
    uniform, translation = np.empty((examples, 3)), np.empty(examples, np.int64)
    noise = np.empty((examples, 2 * length))
    # The last uniform number of an example is drawn at once with the first two of the next.
    stream = uniform.ravel()
    stream[:2] = rng.random_sample(2)
    for example in range(examples):
        translation[example] = draw_below(parameters.max_translation, words)
        noise[example] = rng.standard_normal(2 * length)
        following = stream[3 * example + 2 : 3 * example + 5]
        following[:] = rng.random_sample(len(following))
    low, high = parameters.padding
    return Draws(
        padding=low + (uniform[:, 0] * (high - low + 1)).astype(np.int64),
        scale=uniform[:, 1],
        translation=translation,
        corr_noise=noise[:, :length].T,
        iid_noise=noise[:, length:].T,
        shear=uniform[:, 2],
    )


def draw_below(bound: int, words: np.random.MT19937) -> int:
    """Make the draw of the original's ``choice(bound)``, by its algorithm; numpy's takes as long as 60 normal numbers."""
    if bound == 1:
        return 0
    mask = (1 << (bound - 1).bit_length()) - 1
    value = bound
    while value >= bound:
        word = words.random_raw()
        value = (word if mask < 2**32 else word << 32 | words.random_raw()) & mask
    return value


def draw_independently(rng: np.random.Generator, examples: int, parameters: GenerationParameters) -> Draws:
    """Draw all examples of a block at once, in float32."""
    low, high = parameters.padding
    shape = (parameters.dilated_length, examples)
    return Draws(
        padding=rng.integers(low, high, examples, endpoint=True),
        scale=rng.random(examples, np.float32),
        translation=rng.integers(parameters.max_translation, size=examples),
        corr_noise=rng.standard_normal(shape, np.float32),
        iid_noise=rng.standard_normal(shape, np.float32),
        shear=rng.random(examples, np.float32),
    )
