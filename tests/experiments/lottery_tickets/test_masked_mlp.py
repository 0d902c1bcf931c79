"""Masked networks: what is pruned, that masks hold, and that leaving dead units out changes nothing."""

import copy

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mnist1d_hf.baselines import MLP
from mnist1d_hf.experiments.lottery_tickets import masked_mlp
from mnist1d_hf.experiments.lottery_tickets.masked_mlp import MaskedMLP


def problem(sparsity, seed=0, hidden=7):
    generator = torch.Generator().manual_seed(seed)
    layers = [layer.double() for layer in masked_mlp.initial_layers(5, hidden, generator)]
    masks = masked_mlp.random_masks(layers, sparsity, generator)
    x = torch.randn(12, 5, generator=generator).double()
    y = torch.randint(0, 10, (12,), generator=generator)
    return layers, masks, x, y


def targets(y):
    return torch.nn.functional.one_hot(y, 10).double()


def plain_training(layers, masks, x, y, steps):
    """Train the baseline with torch's own modules, masking its weights after every step."""
    model = MLP(final_seq_length=5, hidden_size=len(layers[0])).double()
    parameters = list(model.parameters())
    flat = [part for layer in layers for part in (layer[:, :-1], layer[:, -1])]
    kept = [part for mask in masks for part in (mask[:, :-1], mask[:, -1])]

    def mask_all():
        with torch.no_grad():
            for parameter, mask in zip(parameters, kept, strict=True):
                parameter.mul_(mask)

    with torch.no_grad():
        for parameter, value in zip(parameters, flat, strict=True):
            parameter.copy_(value)
    mask_all()
    optimizer = torch.optim.Adam(parameters, lr=0.02)
    for _ in range(steps):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(model(x), y).backward()
        for parameter, mask in zip(parameters, kept, strict=True):
            parameter.grad.mul_(mask)
        optimizer.step()
        mask_all()
    trained = [parameter.detach() for parameter in parameters]
    return model, [
        torch.cat([weight, bias[:, None]], 1) for weight, bias in zip(trained[::2], trained[1::2], strict=True)
    ]


@settings(deadline=None, max_examples=25)
@given(st.sampled_from([0.0, 0.3, 0.6, 0.8, 0.9, 0.95, 1.0]), st.integers(0, 1000))
def test_training_equals_that_of_the_whole_network_with_torchs_own_modules(sparsity, seed):
    layers, masks, x, y = problem(sparsity, seed)
    network = MaskedMLP(layers, masks, 0.02)
    for _ in range(4):
        network.step(x, targets(y))
    model, expected = plain_training(layers, masks, x, y, 4)
    for ours, theirs in zip(network.layers(), expected, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-6, atol=1e-8)
    torch.testing.assert_close(network.logits(x), model(x), rtol=1e-6, atol=1e-8)


@settings(deadline=None, max_examples=15)
@given(st.sampled_from([0.0, 0.5]), st.integers(0, 130), st.integers(0, 1000))
def test_units_of_the_second_layer_that_never_fire_change_nothing(sparsity, firing, seed):
    """In a wide network they are left out on the way back."""
    layers, masks, x, y = problem(sparsity, seed, hidden=130)
    for mask in masks:
        mask[:, -1] = True
    layers[1][firing:, -1] = -100.0
    network = MaskedMLP(layers, masks, 0.02)
    for _ in range(3):
        network.step(x, targets(y))
    model, expected = plain_training(layers, masks, x, y, 3)
    for ours, theirs in zip(network.layers(), expected, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-6, atol=1e-8)
    torch.testing.assert_close(network.logits(x), model(x), rtol=1e-6, atol=1e-8)


@settings(deadline=None, max_examples=40)
@given(st.floats(0.3, 1), st.integers(0, 1000))
def test_a_unit_is_live_if_a_path_leads_through_it(sparsity, seed):
    _, masks, *_ = problem(sparsity, seed)
    first, second, last = (mask.tolist() for mask in masks)
    units = range(len(first))
    in_second = [unit for unit in units if any(second[unit]) and any(row[unit] for row in last)]
    live = [
        unit
        for unit in units
        if unit in in_second
        or (any(first[unit]) and (any(row[unit] for row in last) or any(second[other][unit] for other in in_second)))
    ]
    found, num_second = masked_mlp.live_units(masks)
    assert found[:num_second].tolist() == in_second
    assert sorted(found.tolist()) == live


def test_masks_keep_zeros_through_training_and_the_next_network_starts_from_the_initial_weights():
    layers, masks, x, y = problem(0.5)
    before = copy.deepcopy(layers)
    network = MaskedMLP(layers, masks, 0.02)
    for _ in range(30):
        network.step(x, targets(y))
        assert all((layer[~mask] == 0).all() for layer, mask in zip(network.layers(), masks, strict=True))
    trained = network.layers()
    assert all((new != old)[mask].any() for new, old, mask in zip(trained, before, masks, strict=True))
    assert all(torch.equal(layer, old) for layer, old in zip(layers, before, strict=True))
    smaller = masked_mlp.prune(trained, masks, 0.8)
    rewound = MaskedMLP(layers, smaller, 0.02).layers()
    assert all(torch.equal(new, old * mask) for new, old, mask in zip(rewound, before, smaller, strict=True))


@given(st.lists(st.floats(0, 1), min_size=1, max_size=4).map(sorted), st.integers(0, 1000))
def test_pruning_masks_exactly_the_smallest_of_each_layer(sparsities, seed):
    layers, masks, *_ = problem(0, seed)
    for sparsity in sparsities:
        masks = masked_mlp.prune(layers, masks, sparsity)
        for layer, mask in zip(layers, masks, strict=True):
            sizes = sorted(abs(value) for value in layer.flatten().tolist())
            kept = sizes[len(sizes) - round((1 - sparsity) * len(sizes)) :]
            assert sorted(abs(value) for value in layer[mask].tolist()) == kept


def test_what_is_masked_stays_masked_even_where_it_is_no_smaller():
    layers, masks, *_ = problem(0.5)
    pruned = masked_mlp.prune(layers, masks, 0.7)
    assert not any((new & ~old).any() for new, old in zip(pruned, masks, strict=True))
    assert [int(mask.sum()) for mask in pruned] == [round(0.3 * layer.numel()) for layer in layers]


def test_random_masks_have_the_sparsity_of_each_layer_and_come_from_the_generator():
    layers, *_ = problem(0)
    first, again, other = (
        masked_mlp.random_masks(layers, 0.75, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2)
    )
    for layer, mask in zip(layers, first, strict=True):
        assert mask.shape == layer.shape
        assert int(mask.sum()) == round(0.25 * layer.numel())
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert not all(torch.equal(a, b) for a, b in zip(first, other, strict=True))


def test_initial_weights_are_uniform_as_torchs():
    layers = masked_mlp.initial_layers(40, 500, torch.Generator().manual_seed(0))
    for layer, module in zip(layers, MLP(hidden_size=500).children(), strict=True):
        assert layer.shape == (module.out_features, module.in_features + 1)
        bound = module.in_features**-0.5
        assert bound * 0.99 < float(layer.abs().max()) <= bound
        assert float(layer.std()) == pytest.approx(float(module.weight.detach().std()), rel=0.03)
