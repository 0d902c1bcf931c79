"""Metalearning a learning rate: the loss through training, and its derivative."""

import pytest
import torch

from mnist1d_hf.experiments import metalearn_learning_rate as experiment


def problem(dtype, steps=6):
    generator = torch.Generator().manual_seed(0)
    parameters = [tensor.to(dtype) for tensor in experiment.initial_parameters(7, 5, generator)]
    x = torch.randn(steps, 4, 7, generator=generator).to(dtype)
    y = torch.randint(0, 10, (steps, 4), generator=generator)
    return parameters, x, y


def test_the_unrolled_gradient_equals_finite_differences():
    parameters, x, y = problem(torch.float64)
    rates = torch.tensor([1.5, 0.15], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda rates: experiment.mean_training_loss(rates, parameters, x, y), (rates,))


def test_the_inner_loop_equals_sgd_with_torchs_own_modules():
    parameters, x, y = problem(torch.float64)
    model = torch.nn.Sequential(torch.nn.Linear(7, 5), torch.nn.Tanh(), torch.nn.Linear(5, 10)).double()
    with torch.no_grad():
        for parameter, value in zip(model.parameters(), parameters, strict=True):
            parameter.copy_(value.T.squeeze())
    optimizer = torch.optim.SGD(model.parameters(), lr=0.7)
    losses = []
    for inputs, labels in zip(x, y, strict=True):
        loss = torch.nn.functional.cross_entropy(model(inputs), labels)
        losses.append(loss.detach())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    both = experiment.mean_training_loss(torch.tensor([0.7, 0.1], dtype=torch.float64), parameters, x, y)
    torch.testing.assert_close(both[0], torch.stack(losses).mean())


@pytest.mark.long
def test_the_quick_form_runs_and_its_figure_is_not_empty(executor):
    results = experiment.run(seeds=2, quick=True, executor=executor)
    assert set(results.measured) == {"seed0", "seed1"}
    assert all(len(rates) == 9 for rates in results.measured["seed0"].learning_rates)
    figure = experiment.plot(results)
    assert len(figure.axes[0].lines) == 5
    assert len(experiment.claims(results)) == 2
