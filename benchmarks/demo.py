"""Speed of the page's scripts in node against numpy and onnxruntime doing the same: `python benchmarks/demo.py`.

An update is what one step of a slider costs: all steps of the construction, and the logits of all networks for one signal. A
sweep is 900 digits, 100 at each of 9 noises, made and classified by all networks; Python does each network's 100 at once. CPU
time of one core, all threads of a process together.
"""

import timing

import json
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
import onnxruntime

from mnist1d_hf import GenerationParameters, construction_steps
from mnist1d_hf.baselines.bundled import checkpoint_folder
from mnist1d_hf.baselines.layout import ONNX_NAME
from mnist1d_hf.dataset.generator import raw_dataset
from mnist1d_hf.dataset.templates import get_templates
from mnist1d_hf.demo.build import PAGE_FOLDER
from mnist1d_hf.demo.contents import contents, model_names

RUNS, REPEATS = 5, 100
NOISES = [0.02 * (i + 1) for i in range(9)]


def cpu_seconds(work, repeats=1):
    """Return the shortest CPU time of several runs, for one repetition."""
    best = float("inf")
    for _ in range(RUNS):
        start = time.process_time()
        for _ in range(repeats):
            work()
        best = min(best, time.process_time() - start)
    return best / repeats


def page_seconds(data):
    """Return what node takes, by name."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "data.json"
        file.write_text(json.dumps(data), encoding="utf-8")
        command = ["node", Path(__file__).with_suffix(".mjs"), PAGE_FOLDER, file, str(RUNS)]
        return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def open_networks():
    """Return a function from rows to logits for each network, run by onnxruntime in one thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    networks = {}
    for name in model_names():
        session = onnxruntime.InferenceSession(str(checkpoint_folder(name) / ONNX_NAME), options)
        inputs = session.get_inputs()[0].name
        networks[name] = lambda x, session=session, inputs=inputs: session.run(None, {inputs: x})[0]
    return networks


def main():
    if shutil.which("node") is None:
        raise SystemExit("there is no node to run the page's scripts; install it")
    data = contents()
    networks = open_networks()

    def construct():
        raw = construction_steps(3, seed=0)["down-sampled"]
        return ((raw - data["mean"]) / data["std"]).astype(np.float32)[None]

    def sweep():
        for noise in NOISES:
            raw = raw_dataset(GenerationParameters(num_samples=100, seed=0, iid_noise_scale=noise), get_templates())
            x = ((raw.x - data["mean"]) / data["std"]).astype(np.float32)
            for network in networks.values():
                (network(x).argmax(1) == raw.classes).mean()

    ours, signal = page_seconds(data), construct()
    theirs = {name: cpu_seconds(lambda network=network: network(signal), REPEATS) for name, network in networks.items()}
    construction = cpu_seconds(construct, REPEATS)

    timing.header("The page's scripts in node against numpy and onnxruntime, CPU time")
    each = 1000  # of which the seconds are the milliseconds of one
    timing.report("1000 constructions", each * ours["construction"], each * construction, 1)
    for name, seconds in ours["update"].items():
        timing.report(f"1000 signals, one by one: {name}", each * seconds, each * theirs[name], 0.05)
    update = ours["construction"] + sum(ours["update"].values())
    timing.report("1000 updates of the page", each * update, each * (construction + sum(theirs.values())), 0.2)
    timing.report("a sweep of 900 digits", ours["sweep"], cpu_seconds(sweep), 0.04)
    print(f"loading the networks of a config: {1000 * ours['load']:.0f} ms")


if __name__ == "__main__":
    main()
