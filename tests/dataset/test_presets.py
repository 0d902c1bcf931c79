"""The configs: what each is, and how baselines use it."""

import pytest

from mnist1d_hf.dataset import presets
from mnist1d_hf.dataset.parameters import GenerationParameters

DEFAULT = GenerationParameters()


def test_configs_differ_from_the_papers_in_these_parameters():
    changes = {
        name: {key: value for key, value in vars(parameters).items() if value != getattr(DEFAULT, key)}
        for name, parameters in presets.CONFIGS.items()
    }
    assert changes == {
        "default": {},
        "shuffled": {"shuffle_seq": True},
        "large": {"num_samples": 1_100_000, "train_split": 10 / 11},
        "custom-noise": {"corr_noise_scale": 0.5, "iid_noise_scale": 0.04},
    }


@pytest.mark.parametrize(
    ("trained_on", "config"),
    [
        ("default", "default"),
        ("shuffled", "shuffled"),
        ("large", "default"),
        ("custom-noise", "custom-noise"),
        ("mine", "mine"),
    ],
)
def test_models_are_evaluated_on_their_own_config_or_on_another(trained_on, config):
    assert presets.evaluation_config(trained_on) == config


def test_descriptions_name_what_was_changed():
    changed = presets.CONFIGS["shuffled"].replace(seed=1, padding=(1, 2))
    assert presets.changed_parameters("shuffled", changed) == {"padding": (1, 2), "seed": 1}
    assert presets.describe_config("shuffled", changed) == (
        "The config `shuffled` of `mnist1d-hf` with `padding=(1, 2)` instead of `(36, 60)`, `seed=1` instead of `42`."
    )
    assert presets.describe_config("default", DEFAULT) == "The frozen dataset of the paper."


def test_any_number_of_rows_is_no_change_of_a_config_of_shards():
    fewer = {name: presets.CONFIGS[name].replace(num_samples=70) for name in ("large", "default")}
    assert presets.changed_parameters("large", fewer["large"]) == {}
    assert presets.describe_config("large", fewer["large"]) == presets.PRESETS["large"].description
    assert presets.changed_parameters("default", fewer["default"]) == {"num_samples": 70}
