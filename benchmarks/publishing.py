"""Speed of publishing against the plain way, on a Hub in this process: `python benchmarks/publishing.py`.

The plain way is `push_to_hub` for each config of the dataset, and `create_repo` and `upload_folder` for each checkpoint.
"""

import os
import sys
import tempfile
import time
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "tests"))

from hub_server import Hub

CONFIGS = ("default", "shuffled", "custom-noise")
RUNS = 3


def measure(hub, what, action):
    """Return the seconds, requests and commits of an action."""
    requests, commits = len(hub.requests), count_commits(hub)
    start = time.perf_counter()
    action()
    return what, time.perf_counter() - start, len(hub.requests) - requests, count_commits(hub) - commits


def count_commits(hub):
    """Return the number of commits in all repositories, without those that made them."""
    return sum(len(repo.commits) - 1 for repo in hub.repos.values())


def publish_plainly(namespace, folder):
    """Publish built checkpoints, and the dataset from the cache, with the clients' own functions."""
    from datasets import load_dataset
    from huggingface_hub import HfApi

    for config in CONFIGS:
        load_dataset("mnist1d", config).push_to_hub(f"{namespace}/mnist1d", config)
    api = HfApi()
    for repo in sorted(folder.iterdir()):
        repo_id = f"{namespace}/{repo.name}"
        api.create_repo(repo_id, exist_ok=True)
        api.upload_folder(repo_id=repo_id, folder_path=repo)


def run(hub, number):
    """Measure everything once, in namespaces of its own."""
    from mnist1d_hf.baselines import list_checkpoints
    from mnist1d_hf.hub import publish, verify
    from mnist1d_hf.hub.model_repo import build_model_repo
    from mnist1d_hf.hub.naming import model_repo_id

    ours, plain = f"ours{number}", f"plain{number}"
    hub.add_user("ada", orgs={**hub.users.get("ada", {}), ours: "write", plain: "write"})
    os.environ["HF_TOKEN"] = hub.add_token("ada")
    with tempfile.TemporaryDirectory() as folder:
        for config, name in list_checkpoints():
            build_model_repo(Path(folder) / model_repo_id("x", name, config).partition("/")[2], name, config, plain)
        results = [
            measure(hub, what, lambda: publish_plainly(plain, Path(folder)))
            for what in ("plain way", "plain way again")
        ]
    return [
        *results,
        measure(hub, "build", lambda: build(ours)),
        measure(hub, "build and publish", lambda: publish(ours, configs=CONFIGS)),
        measure(hub, "both again", lambda: publish(ours, configs=CONFIGS)),
        measure(hub, "verify", lambda: check(verify(ours))),
    ]


def build(namespace):
    from mnist1d_hf.hub.release import built_releases

    with built_releases(namespace, configs=CONFIGS):
        pass


def check(checks):
    assert all(found.ok for found in checks)


def main():
    """Print times, requests, commits and ratios, of the fastest of several runs."""
    with Hub() as hub, tempfile.TemporaryDirectory() as home:
        # Read when the clients are imported.
        os.environ |= {
            "HF_ENDPOINT": hub.endpoint,
            "HF_HOME": home,
            "HF_HUB_DISABLE_XET": "1",
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "HF_HUB_DISABLE_PROGRESS_BARS": "1",
            "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
        }
        import datasets
        import huggingface_hub
        from mnist1d_hf.baselines import list_checkpoints

        datasets.logging.set_verbosity_error()
        huggingface_hub.logging.set_verbosity_error()
        for config in CONFIGS:
            datasets.load_dataset("mnist1d", config)
        runs = [run(hub, number) for number in range(RUNS)]
        print(f"{len(CONFIGS)} configs, {len(list_checkpoints())} checkpoints, a collection; best of {RUNS} runs")
    print(f"{'':18} {'seconds':>8} {'requests':>9} {'commits':>8}")
    best = [min(results, key=lambda result: result[1]) for results in zip(*runs, strict=True)]
    for what, seconds, requests, commits in best:
        print(f"{what:18} {seconds:8.2f} {requests:9} {commits:8}")
    plain, plain_again, built, first, again, verified = (seconds for _, seconds, _, _ in best)
    print(
        f"beyond building: publish {first - built:.2f} s, with verification {first - built + verified:.2f} s (target 12)"
    )
    print(f"nothing changed: {again:.2f} s (target 3), {again - built:.2f} s of them beyond building")
    print("times faster than the plain way, which builds nothing:")
    print(f"  {plain / (first - built):.1f}, and {plain_again / (again - built):.1f} if nothing changed")


if __name__ == "__main__":
    main()
