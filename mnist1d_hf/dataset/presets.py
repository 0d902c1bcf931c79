"""The configs of the dataset: named generation parameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .parameters import GenerationParameters

_DEFAULT = GenerationParameters()


@dataclass(frozen=True)
class Preset:
    """A config: its generation parameters and everything else that sets it apart."""

    parameters: GenerationParameters
    description: str
    """One sentence."""
    is_sharded: bool = False
    """Whether rows come from independent shards instead of the paper's single random stream."""
    evaluation_config: str | None = None
    """Config whose test rows are used to evaluate models trained on this one; this one if None."""


PRESETS = {
    "default": Preset(_DEFAULT, "The frozen dataset of the paper."),
    "shuffled": Preset(
        _DEFAULT.replace(shuffle_seq=True),
        "The same signals with one fixed permutation of their positions, which leaves no spatial structure.",
    ),
    "large": Preset(
        _DEFAULT.replace(num_samples=1_100_000, train_split=10 / 11),
        "Any number of rows with the distribution of `default`, generated in independent shards.",
        is_sharded=True,
        evaluation_config="default",
    ),
    "custom-noise": Preset(
        _DEFAULT.replace(corr_noise_scale=2 * _DEFAULT.corr_noise_scale, iid_noise_scale=2 * _DEFAULT.iid_noise_scale),
        "Twice the noise of `default`, or any other noise scales.",
    ),
}
"""The configs by name."""

CONFIGS = {name: preset.parameters for name, preset in PRESETS.items()}
"""Generation parameters of each config."""


def evaluation_config(trained_on: str) -> str:
    """Return the config whose test rows evaluate a model trained on a config: itself if this package does not know it."""
    preset = PRESETS.get(trained_on)
    return (preset and preset.evaluation_config) or trained_on


def changed_parameters(name: str, parameters: GenerationParameters) -> dict[str, Any]:
    """Return the values that differ from a config's own; one of independent shards may have any number of rows."""
    preset = PRESETS[name]
    return {
        parameter: value
        for parameter, value in vars(parameters).items()
        if value != getattr(preset.parameters, parameter) and not (parameter == "num_samples" and preset.is_sharded)
    }


def describe_config(name: str, parameters: GenerationParameters) -> str:
    """Return one sentence about a config with these parameters."""
    changes = changed_parameters(name, parameters)
    if not changes:
        return PRESETS[name].description
    values = [
        f"`{parameter}={value}` instead of `{getattr(CONFIGS[name], parameter)}`"
        for parameter, value in changes.items()
    ]
    return f"The config `{name}` of `mnist1d-hf` with {', '.join(values)}."
