"""The table of checkpoints, to the character."""

from mnist1d_hf.baselines import Evaluation
from mnist1d_hf.baselines.table import CheckpointResult, format_accuracy, format_table

HALF = Evaluation(1000, 500, 0.5, ((500, 500), (0, 0)))


def result(model, config, paper=""):
    return CheckpointResult(model, config, 5210, HALF, paper, 0.256)


def test_the_human_stands_after_the_models_of_each_config():
    results = [result("cnn", "default", "94 ± 2"), result("gru", "large"), result("resnet", "default")]
    results.append(result("mlp", "shuffled", "68 ± 2"))
    assert format_table(results).split("\n") == [
        "model   trained on  parameters  accuracy %  95 % interval          paper  seconds",
        "cnn        default       5,210        50.0    46.9 - 53.1         94 ± 2     0.26",
        "resnet     default       5,210        50.0    46.9 - 53.1                    0.26",
        "human      default                                                96 ± 1",
        "gru          large       5,210        50.0    46.9 - 53.1                    0.26",
        "mlp       shuffled       5,210        50.0    46.9 - 53.1         68 ± 2     0.26",
        "human     shuffled                                         about 30 ± 10",
    ]


def test_accuracy_and_interval_are_in_percent():
    assert format_accuracy(HALF) == ("50.0", "46.9 - 53.1")
