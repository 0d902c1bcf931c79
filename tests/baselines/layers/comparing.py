"""Compares layers with torch's own modules and automatic differentiation."""

import torch


def drawn(*shape, seed=0, dtype=torch.float64):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def reset(modules, seed=0):
    """Draw the parameters of modules anew, as 64-bit floats."""
    stream = torch.Generator().manual_seed(seed)
    for module in modules:
        module.double()
        with torch.no_grad():
            for parameter in module.parameters():
                parameter.copy_(torch.randn(parameter.shape, generator=stream, dtype=torch.float64))
    return modules


def make_room(layer):
    """Give a layer memory for its gradients; whatever is not written stays NaN."""
    layer.gradients = [torch.full_like(parameter, torch.nan) for parameter in layer.parameters]
    return layer


def member_gradients(layer, member):
    """Return the gradients of one member, with the shapes of torch's own layer."""
    parameters, layer.parameters = layer.parameters, layer.gradients
    try:
        return layer.of_member(member)
    finally:
        layer.parameters = parameters


def check_batches(layer, functions, batches, *, parameters=None):
    """Send batches through a layer in turn, and compare each member with a function of torch.

    The functions, one per member, take one example more than the layer does: (batch, ...). ``parameters`` are those of each
    member in torch, by default the functions' own; their gradients are compared as well.
    """
    parameters = parameters or [list(function.parameters()) for function in functions]
    for number, x in enumerate(batches):
        output = layer.forward(x.clone()).clone()
        grad = drawn(*output.shape, seed=100 + number)
        by_input = layer.backward(grad.clone())
        assert by_input.shape == x.shape
        for member, function in enumerate(functions):
            leaf = x[member].clone().requires_grad_()
            expected = function(leaf)
            torch.testing.assert_close(output[member], expected.detach(), rtol=1e-9, atol=1e-10)
            by_torch = torch.autograd.grad(expected, [leaf, *parameters[member]], grad[member])
            ours = [by_input[member], *(part for leaf in layer.leaves() for part in member_gradients(leaf, member))]
            torch.testing.assert_close(ours, list(by_torch), rtol=1e-9, atol=1e-10)


def check_network(network, modules, x):
    """Compare a network with modules, one per member: logits, gradients and parameters; its input is not changed."""
    before = x.clone()
    network.parameters.grad.fill_(torch.nan)
    logits = network.forward(x)
    assert torch.equal(x, before)
    grad = drawn(*logits.shape, seed=100)
    network.backward(grad.clone())
    for member, module in enumerate(modules):
        expected = module(x[member])
        torch.testing.assert_close(logits[member], expected.detach(), rtol=1e-9, atol=1e-10)
        by_torch = torch.autograd.grad(expected, list(module.parameters()), grad[member])
        gradients = [part for leaf in network.leaves for part in member_gradients(leaf, member)]
        torch.testing.assert_close(gradients, list(by_torch), rtol=1e-9, atol=1e-9)
        parameters = [part for leaf in network.leaves for part in leaf.of_member(member)]
        assert all(torch.equal(*pair) for pair in zip(parameters, module.parameters(), strict=True))
