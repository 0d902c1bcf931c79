"""What happens if nothing else is asked for: defaults of public functions and of the options of commands."""

import inspect
from typing import Any

import click
import pytest

import mnist1d_hf
from mnist1d_hf import baselines, cli, hub
from mnist1d_hf.baselines.runs import train_baselines
from mnist1d_hf.baselines.sweeps import sweep
from mnist1d_hf.baselines.training import train

FUNCTIONS = [
    (mnist1d_hf.construction_steps, {"parameters": None, "draws": None}),
    (mnist1d_hf.generate_shard, {"rows": 10_000}),
    (mnist1d_hf.load_dataset, {"name": None}),
    (mnist1d_hf.make_dataset, {"parameters": None, "templates": None}),
    (baselines.Batches, {"batch_size": 100, "shuffle": False, "seed": 0, "drop_last": False}),
    (
        mnist1d_hf.batches,
        {
            **{"config": "default", "split": "train", "batch_size": 100, "shuffle": False, "seed": 0},
            **{"device": "cpu", "drop_last": False},
        },
    ),
    (baselines.evaluate, {"batch_size": 1000, "device": "cpu"}),
    (baselines.load_model, {"config": "default", "revision": None}),
    (baselines.load_tensors, {"config": "default", "split": "train"}),
    (baselines.Mnist1DDataset, {"config": "default", "split": "train"}),
    (baselines.CNN, {"final_seq_length": 40, "num_classes": 10, "channels": 25}),
    (baselines.GRU, {"final_seq_length": 40, "num_classes": 10, "hidden_size": 6}),
    (baselines.Logistic, {"final_seq_length": 40, "num_classes": 10}),
    (baselines.MLP, {"final_seq_length": 40, "num_classes": 10, "hidden_size": 100}),
    (baselines.ResNet, {"final_seq_length": 40, "num_classes": 10, "channels": 32, "num_blocks": 4}),
    (
        baselines.S4D,
        {"final_seq_length": 40, "num_classes": 10, "channels": 32, "state_size": 8, "num_layers": 4},
    ),
    (baselines.TCN, {"final_seq_length": 40, "num_classes": 10, "channels": 32, "num_blocks": 5}),
    (
        baselines.Transformer,
        {
            "final_seq_length": 40,
            "num_classes": 10,
            "patch_size": 5,
            "hidden_size": 32,
            "num_layers": 3,
            "num_heads": 4,
        },
    ),
    (sweep, {"config": "default", "split": "test", "parameters": None, "device": "cpu"}),
    (train, {"train_rows": None, "device": "cpu", "progress": None}),
    (
        train_baselines,
        {
            **{"models": None, "tasks": ("default", "shuffled"), "seeds": 5, "recipe": "tuned", "device": "cpu"},
            **{"overwrite": False, "executor": None},
        },
    ),
    (
        mnist1d_hf.benchmark,
        {
            **{
                "tasks": None,
                "seeds": 5,
                "settings": None,
                "search": False,
                "final": True,
                "name": None,
                "executor": None,
            },
            **{"jobs": None, "retries": 0},
        },
    ),
    (hub.build_dataset_repo, {"configs": None, "num_samples": None, "parameters": None, "overwrite": False}),
    (
        hub.publish,
        {
            **{
                "only": None,
                "configs": None,
                "num_samples": None,
                "private": False,
                "create_pr": False,
                "revision": None,
            },
            **{"dry_run": False, "review": None, "progress": None, "token": None},
        },
    ),
    (hub.verify, {"only": None, "expected": (), "revision": None, "progress": None, "token": None}),
    (
        mnist1d_hf.GenerationParameters,
        {
            **{"num_samples": 5000, "train_split": 0.8, "template_len": 12, "padding": (36, 60), "scale_coeff": 0.4},
            **{"max_translation": 48, "corr_noise_scale": 0.25, "iid_noise_scale": 0.02, "shear_scale": 0.75},
            **{"shuffle_seq": False, "final_seq_length": 40, "seed": 42},
        },
    ),
]

COMMANDS: dict[str, dict[str, Any]] = {
    "evaluate": {"device": "cpu", "as_csv": False, "as_json": False, "sweep": None, "split": None},
    "train": {
        **{"models": (), "tasks": ("default", "shuffled"), "seeds": 5, "recipe": "tuned", "device": "cpu"},
        **{"output": "runs", "overwrite": False, "as_json": False},
    },
    "benchmark": {
        **{
            "tasks": (),
            "seeds": 5,
            "steps": None,
            "search": False,
            "output": "None",
            "overwrite": False,
            "as_json": False,
        },
        **{"name": None, "learning_rate": None},
    },
    "quickstart": {"output": "mnist1d-samples.png", "as_json": False},
    "build": {"configs": (), "num_samples": None, "overwrite": False, "as_json": False},
    "prepare": {"configs": (), "as_json": False},
    "publish": {
        **{"only": None, "configs": (), "num_samples": None, "private": False, "create_pr": False, "revision": None},
        **{"dry_run": False, "yes": False},
    },
    "verify": {"only": None, "revision": None, "as_json": False},
    "experiment all": {"output": "results", "seeds": None, "quick": False, "jobs": None},
    "experiment pooling": {"output": "results", "seeds": None, "quick": False, "jobs": None},
    "experiment classwise-errors": {"train_rows": (), "output": "results"},
    "experiment human": {"rows": 100, "study": None, "seed": 0, "output": "results"},
}


@pytest.mark.parametrize(("function", "defaults"), FUNCTIONS, ids=[function.__name__ for function, _ in FUNCTIONS])
def test_arguments_have_these_defaults(function, defaults):
    parameters = inspect.signature(function).parameters
    found = {name: parameter.default for name, parameter in parameters.items()}
    assert {name: found[name] for name in defaults} == defaults


@pytest.mark.parametrize("command", COMMANDS)
def test_options_have_these_defaults(command):
    found = cli.main
    for name in command.split():
        found = found.get_command(click.Context(found), name)
    names = {parameter.name: parameter for parameter in found.params if not parameter.required}
    required = [parameter.make_metavar(click.Context(found)) for parameter in found.params if parameter.required]
    with found.make_context(command, ["x"] * len(required), resilient_parsing=False) as context:
        values = {name: str(value) if name == "output" else value for name, value in context.params.items()}
    assert set(COMMANDS[command]) <= set(names)
    assert {name: values[name] for name in COMMANDS[command]} == COMMANDS[command]
