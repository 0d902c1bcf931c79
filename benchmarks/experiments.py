"""Speed of the experiments against plain ones: `python benchmarks/experiments.py [NAME ...]`.

The plain implementation trains one model at a time, with torch's own modules, in a Python loop and one thread. Both are
timed on the stated fraction, as time of one core, and extrapolated. Ours is the work of two processes then; shared evenly, it
takes half of that on two cores. The lower bound is the arithmetic of the plain networks at the rate of a large matrix product;
it is dense, so that masked networks can take less.
"""

import timing  # noqa: F401

import sys
import time
from itertools import pairwise

import torch
import torch.nn.functional as F

from arithmetic import training_seconds
from mnist1d_hf.baselines.data import load_tensors
from mnist1d_hf.baselines import CNN, MLP

CORES = 2


def report(what, ours, plain, bound=None):
    """Print the minutes on one core of the plain implementation, those of ours on two, their ratio, and the lower bound."""
    limit = f"; bound {bound / CORES / 60:5.1f} min, {ours / bound:.1f} times it" if bound else ""
    print(
        f"{what:28} plain {plain / 60:6.1f} min, this {ours / CORES / 60:5.1f} min on {CORES} cores, "
        f"{plain * CORES / ours:5.1f} x ({plain / ours:.1f} x on one core){limit}",
        flush=True,
    )


def plain_steps(model, optimizer, x, y, batch_size, steps, loss=F.cross_entropy, masks=None):
    """Train one model the plain way and return the seconds of a step."""
    start = time.process_time()
    for step in range(steps):
        rows = slice(step * batch_size % len(x), step * batch_size % len(x) + batch_size)
        loss(model(x[rows]), y[rows]).backward()
        optimizer.step()
        optimizer.zero_grad()
        if masks is not None:
            with torch.no_grad():
                for parameter, mask in zip(model.parameters(), masks, strict=True):
                    parameter.mul_(mask)
    return (time.process_time() - start) / steps


def lottery_tickets():
    """Two trials. Timed: 60 steps of the plain loop; a fiftieth of our rounds, at a fifth of the sparsities."""
    from mnist1d_hf.experiments.lottery_tickets import EXPERIMENT
    from mnist1d_hf.experiments.lottery_tickets.settings import Settings
    from mnist1d_hf.experiments.lottery_tickets.transfer import INPUTS

    # On new data: dense, ticket and random mask, and the latter two re-initialised.
    settings, trials, networks = Settings(), 2, 3 * len(INPUTS) + 2
    x, y = load_tensors("default", "train")
    model = MLP(hidden_size=settings.hidden_size)
    masks = [(torch.rand_like(parameter) < 0.5).float() for parameter in model.parameters()]
    optimizer = torch.optim.Adam(model.parameters(), lr=settings.learning_rate)
    finding, transferring = (
        min(plain_steps(model, optimizer, x, y, size, 60, masks=masks) for _ in range(3))
        for size in (settings.batch_size, settings.transfer_batch_size)
    )
    plain = 2 * settings.rounds * settings.steps * finding + networks * settings.transfer_steps * transferring
    bound = 2 * settings.rounds * training_seconds(model, settings.batch_size, settings.steps)
    bound += networks * training_seconds(model, settings.transfer_batch_size, settings.transfer_steps)
    fraction, rounds = 1 / 50, settings.rounds // 5 + 1
    small = Settings(
        rounds=rounds,
        steps=round(fraction * settings.rounds * settings.steps / rounds),
        transfer_steps=round(fraction * settings.transfer_steps),
    )
    start = time.process_time()
    for part in EXPERIMENT.plan(small, 1):
        EXPERIMENT.measure(small, part, lambda done, what: None)
    ours = (time.process_time() - start) / fraction
    report("lottery tickets", trials * ours, trials * plain, trials * bound)


def time_width(architecture, width, conditions, seeds, epochs, training, test):
    """Train networks of one width for some epochs, and return the seconds."""
    from mnist1d_hf.experiments.double_descent.settings import Settings
    from mnist1d_hf.experiments.double_descent.width_families import Optimisation, train_width

    settings = Settings()
    optimisation = Optimisation(epochs, settings.batch_size, settings.learning_rate, settings.momentum)
    start = time.process_time()
    train_width(architecture, width, conditions, seeds, optimisation, training, test, lambda: None)
    return time.process_time() - start


def double_descent():
    """Three seeds. Timed: 20 steps of the plain loop, 3 epochs of ours, the best of three times, at every width."""
    from mnist1d_hf.experiments.double_descent import CONDITIONS
    from mnist1d_hf.experiments.double_descent.settings import Settings
    from mnist1d_hf.experiments.double_descent.width_families import FAMILIES, Condition

    settings, seeds = Settings(), (0, 1, 2)
    parameters = {"num_samples": settings.num_samples, "train_split": settings.train_split}
    training, test = (load_tensors("default", split, **parameters) for split in ("train", "test"))
    x, y = training
    steps = settings.epochs * settings.rows // settings.batch_size
    for architecture, widths in (("mlp", settings.mlp_widths), ("cnn", settings.cnn_widths)):
        conditions = [Condition(0.15, squared_error=name == "squared") for name in CONDITIONS[architecture]]
        ours = plain = bound = 0.0
        for width in widths:
            nothing, some = (
                min(time_width(architecture, width, conditions, seeds, epochs, training, test) for _ in range(3))
                for epochs in (0, 3)
            )
            ours += nothing + settings.epochs * (some - nothing) / 3
            model = torch.nn.Sequential(*FAMILIES[architecture](width))
            optimizer = torch.optim.SGD(model.parameters(), lr=settings.learning_rate, momentum=settings.momentum)
            plain_steps(model, optimizer, x, y, settings.batch_size, 5)
            step = plain_steps(model, optimizer, x, y, settings.batch_size, 20)
            plain += len(conditions) * len(seeds) * steps * step
            bound += len(conditions) * len(seeds) * training_seconds(model, settings.batch_size, steps)
        report(f"double descent, {architecture.upper()}", ours, plain, bound)


class PlainPooling(torch.nn.Module):
    """The CNN of the experiment on pooling."""

    def __init__(self, kind, channels):
        super().__init__()
        stride = 2 if kind == "stride" else 1
        self.conv1 = torch.nn.Conv1d(1, channels, 3, stride=stride, padding=1)
        self.conv2 = torch.nn.Conv1d(channels, channels, 3, stride=stride, padding=1)
        self.linear = torch.nn.Linear(channels * (40 if kind == "none" else 10), 10)
        self.pool = {
            "max": lambda h: F.max_pool1d(h, 2),
            "average": lambda h: F.avg_pool1d(h, 2),
            "L2": lambda h: F.lp_pool1d(h, 2, 2),
        }.get(kind, lambda h: h)

    def forward(self, x):
        """Return logits."""
        h = self.pool(self.conv1(x.unsqueeze(1)).relu())
        return self.linear(self.pool(self.conv2(h).relu()).flatten(1))


def pooling():
    """Three seeds. Timed: 20 steps of the plain loop, 100 of ours with an evaluation, of every kind with 10000 rows."""
    from mnist1d_hf.experiments.pooling import EXPERIMENT
    from mnist1d_hf.experiments.pooling.settings import Settings

    settings, seeds = Settings(), 3
    every = settings.evaluate_every
    x, y = load_tensors("default", "train", num_samples=11_000, train_split=10 / 11)
    ours = plain = bound = 0.0
    for part in EXPERIMENT.plan(Settings(train_rows=(10_000,)), seeds):
        model = PlainPooling(part.values["kind"], settings.channels)
        optimizer = torch.optim.Adam(model.parameters(), lr=settings.learning_rate)
        step = min(plain_steps(model, optimizer, x, y, settings.batch_size, 20) for _ in range(3))
        times = []
        EXPERIMENT.measure(
            Settings(steps=3 * every), part, lambda done, what, times=times: times.append(time.process_time())
        )
        plain += settings.steps * seeds * step
        bound += seeds * training_seconds(model, settings.batch_size, settings.steps)
        ours += settings.steps * min(times[1] - times[0], times[2] - times[1]) / every
    report("pooling", *(len(settings.train_rows) * seconds for seconds in (ours, plain, bound)))


class PlainSimCLR(torch.nn.Module):
    """The convolutions of the CNN and a projector."""

    def __init__(self, projector):
        super().__init__()
        cnn = CNN()
        self.convolutions = torch.nn.ModuleList([cnn.conv1, cnn.conv2, cnn.conv3])
        sizes = (125, *projector)
        self.projector = torch.nn.ModuleList(torch.nn.Linear(*pair) for pair in pairwise(sizes))

    def forward(self, x):
        """Return what the projector makes of the features."""
        h = x.unsqueeze(1)
        for layer in self.convolutions:
            h = layer(h).relu()
        h = h.flatten(1)
        for number, layer in enumerate(self.projector, start=1):
            h = layer(h) if number == len(self.projector) else layer(h).relu()
        return h


def plain_view(x):
    """Return a random view of each signal, one row at a time."""
    t = torch.arange(x.shape[1]) - (x.shape[1] - 1) / 2
    x = x - x.mean(1, keepdim=True) - ((x * t).sum(1) / (t**2).sum()).unsqueeze(1) * t
    x = torch.stack([torch.roll(row, shift.item()) for row, shift in zip(x, torch.randint(10, (len(x),)), strict=True)])
    return x + 0.04 * torch.randn(len(x), 1) * t + 0.3 * torch.randn(len(x), 1)


def plain_simclr_steps(model, x, settings, steps):
    """Train one model the plain way and return the seconds of a step."""
    optimizer = torch.optim.Adam(model.parameters(), lr=settings.learning_rate)
    start = time.process_time()
    for step in range(steps):
        batch = x[step * settings.batch_size : (step + 1) * settings.batch_size]
        first, second = (F.normalize(model(plain_view(batch))) for _ in range(2))
        F.cross_entropy(first @ second.T / settings.temperature, torch.arange(len(batch))).backward()
        optimizer.step()
        optimizer.zero_grad()
    return (time.process_time() - start) / steps


def self_supervised():
    """Three seeds. Timed: 40 steps of the plain loop, 3 epochs of ours; the evaluation of ours counts for both."""
    from mnist1d_hf.experiments.self_supervised import EXPERIMENT, PROJECTORS
    from mnist1d_hf.experiments.self_supervised.settings import Settings

    settings, seeds, epochs = Settings(), 3, 3
    x, _ = load_tensors("default", "train")
    ours = plain = bound = 0.0
    for part in EXPERIMENT.plan(Settings(epochs=epochs), seeds):
        model = PlainSimCLR(PROJECTORS[part.values["projector"]])
        plain_simclr_steps(model, x, settings, 3)
        step = plain_simclr_steps(model, x, settings, 40)
        times = [time.process_time()]
        EXPERIMENT.measure(
            Settings(epochs=epochs), part, lambda done, what, times=times: times.append(time.process_time())
        )
        trained = times[epochs]
        evaluation = time.process_time() - trained
        ours += settings.epochs * (trained - times[0]) / epochs + evaluation
        steps = settings.epochs * len(x) // settings.batch_size * seeds
        plain += steps * step + evaluation
        bound += training_seconds(model, 2 * settings.batch_size, steps) + evaluation
    report("self-supervised learning", ours, plain, bound)


def plain_learning_rate_step(settings, x, y, rate):
    """Differentiate one training by its learning rate, and return the seconds."""
    layers = torch.nn.Linear(x.shape[1], settings.hidden_size), torch.nn.Linear(settings.hidden_size, 10)
    weights = [parameter for layer in layers for parameter in layer.parameters()]
    rate = torch.tensor(rate, requires_grad=True)
    losses = []
    start = time.process_time()
    for rows in torch.randint(len(x), (settings.inner_steps, settings.batch_size)):
        h = torch.tanh(F.linear(x[rows], weights[0], weights[1]))
        losses.append(F.cross_entropy(F.linear(h, weights[2], weights[3]), y[rows]))
        gradients = torch.autograd.grad(losses[-1], weights, create_graph=True)
        weights = [weight - rate * gradient for weight, gradient in zip(weights, gradients, strict=True)]
    torch.stack(losses).mean().backward()
    return time.process_time() - start


def metalearn_learning_rate():
    """Five seeds and the authors' weights, both starts. Timed: 3 outer steps of the plain loop, 5 of ours."""
    from mnist1d_hf.experiments.metalearn_learning_rate import EXPERIMENT, Settings

    settings, parts = Settings(), 6
    x, y = load_tensors("default", "train")
    plain = min(plain_learning_rate_step(settings, x, y, settings.starts[0]) for _ in range(3))
    times = []
    part, _ = EXPERIMENT.plan(Settings(outer_steps=6), 1)
    EXPERIMENT.measure(Settings(outer_steps=6), part, lambda done, what, times=times: times.append(time.process_time()))
    steps = parts * settings.outer_steps
    report("learning rate", steps * (times[-1] - times[0]) / 5, steps * len(settings.starts) * plain)


def plain_outer_step(problem, layers, steps):
    """Learn an activation function for one outer step of a few inner ones, and return the seconds of an inner one."""
    sizes = [1, *[problem.settings.hidden_units] * layers, 1]
    modules = [module for pair in pairwise(sizes) for module in (torch.nn.Linear(*pair), torch.nn.Tanh())]
    network = torch.nn.Sequential(*modules[:-1])
    weights, batches = problem.draw(torch.Generator().manual_seed(0))
    weights = [weight.requires_grad_() for weight in weights]
    averages = [torch.ones_like(weight) for weight in weights]
    rate, decay = problem.optimizer
    losses = []
    start = time.process_time()
    for x, y, noise in list(zip(*batches, strict=True))[:steps]:
        first, second = weights
        a = x @ first[:-1] + first[-1]
        h = F.elu(a) + 0.2 * network(a.reshape(-1, 1)).view_as(a) + noise
        losses.append(F.cross_entropy(h @ second[:-1] + second[-1], y))
        gradients = torch.autograd.grad(losses[-1], weights, create_graph=True)
        averages = [decay * v + (1 - decay) * g * g for v, g in zip(averages, gradients, strict=True)]
        weights = [w - rate * g / (v.sqrt() + 1e-8) for w, g, v in zip(weights, gradients, averages, strict=True)]
    torch.stack(losses).mean().backward()
    return (time.process_time() - start) / steps


def metalearn_activation():
    """Three seeds, without the comparison at the end. Timed: 10 of 301 inner steps of the plain loop, 2 outer steps of ours."""
    from mnist1d_hf.experiments.experiment import StepCounter
    from mnist1d_hf.experiments.metalearn_activation.learning import Problem, learn
    from mnist1d_hf.experiments.metalearn_activation.settings import Settings

    settings, seeds, count = Settings(), 3, StepCounter(lambda done, what: None)
    small = Problem(Settings(outer_steps=2))
    for layers in (1, 2):
        hidden = [settings.hidden_units] * layers
        learn(Problem(Settings(outer_steps=1)), hidden, 0, count)
        start = time.process_time()
        learn(small, hidden, 0, count)
        ours = (time.process_time() - start) / 2
        plain_outer_step(small, layers, 2)
        plain = settings.inner_steps * plain_outer_step(small, layers, 10)
        steps = seeds * settings.outer_steps
        report(f"activation, hidden layers: {layers}", steps * ours, steps * plain)


EXPERIMENTS = {
    "lottery-tickets": lottery_tickets,
    "double-descent": double_descent,
    "metalearn-learning-rate": metalearn_learning_rate,
    "metalearn-activation": metalearn_activation,
    "self-supervised": self_supervised,
    "pooling": pooling,
}


def main():
    """Time the experiments that are named, or all."""
    torch.set_num_threads(1)
    for name in sys.argv[1:] or EXPERIMENTS:
        EXPERIMENTS[name]()


if __name__ == "__main__":
    main()
