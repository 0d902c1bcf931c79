"""Recipes of the baselines, and training on some of the rows."""

from mnist1d_hf.baselines import load_tensors
from mnist1d_hf.baselines.architectures import get_architecture
from mnist1d_hf.baselines.training import train
from mnist1d_hf.experiments.baseline_training import recipe


def test_the_recipe_is_the_projects_own_unless_steps_are_given():
    assert recipe("cnn", None) == get_architecture("cnn").recipes["tuned"]
    assert recipe("cnn", 7).steps == 7


def test_training_on_the_first_rows_only_reads_no_others():
    settings = recipe("logistic", 3)
    (first,) = train("logistic", [("default", 0)], settings, train_rows=500)
    (other,) = train("logistic", [("default", 0)], settings, train_rows=501)
    assert first.curves != other.curves
    (large,) = train("logistic", [("large", 0)], settings, train_rows=300)
    assert large.task == "large"
    x, _ = load_tensors("large", "train[:300]", num_samples=330)
    assert len(x) == 300
