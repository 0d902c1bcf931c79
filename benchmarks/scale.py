"""What 10**9 to 10**12 rows take in time, bytes, requests and money: `python benchmarks/scale.py [--rate ROWS]`.

Rows per CPU second and bytes per row are measured on this machine, then scaled to a cluster. The table stands in
docs/cluster.md.
"""

import argparse
import tempfile
import time
from pathlib import Path

from pyarrow import parquet as pq

from mnist1d_hf import Mnist1D
from mnist1d_hf.hub.parquet_files import check_rows_per_file, list_parquet_files, write_parquet

CORES = 64
NETWORKS = {"1 Gb/s": 125e6, "10 Gb/s": 1.25e9}  # bytes a second, of all workers together
MEASURED_ROWS = 500_000

ROWS_PER_FILE = {rows: check_rows_per_file(None, rows) for rows in (10**9, 10**10, 10**11, 10**12)}

# The Hub: preupload, batch, upload and verify for each file; the upload itself is not counted.
CALLS_PER_FILE = 3
FILES_PER_COMMIT = 100
CALLS_PER_SECOND = 1000 / 300  # free accounts, September 2025

# List prices in dollars, before discounts. Check them before you rely on them.
CORE_HOUR = 0.045  # a virtual core on demand in a large cloud, 2025
STORE_TB_MONTH = 23  # S3 Standard, us-east-1, 2025
STORE_UPLOADS = 0.005 / 1000  # the same, for each request
HUB_TB_MONTH = 12  # public storage beyond what an account includes, February 2026


def measure():
    """Return rows per CPU second of building and of reading back, and bytes per row."""
    builder = Mnist1D(config_name="large", num_samples=2 * MEASURED_ROWS)
    next(builder.tables("train", 0, 1))  # makes what all shards share
    file = list_parquet_files(builder, MEASURED_ROWS)[0]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.parquet"
        begun = time.process_time()
        size_in_bytes = write_parquet(file, path).size
        built = time.process_time() - begun
        begun = time.process_time()
        with pq.ParquetFile(path) as rows:
            for group in range(rows.num_row_groups):
                rows.read_row_group(group, use_threads=False)
        read = time.process_time() - begun
        return (
            round(MEASURED_ROWS / built),
            round(MEASURED_ROWS / read),
            round(size_in_bytes / MEASURED_ROWS, 1),
        )


def duration(seconds):
    for unit, length in (("days", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.2g} {unit}"
    return f"{seconds:.0f} s"


def size(count):
    return f"{count / 1e12:.3g} TB" if count >= 1e12 else f"{count / 1e9:.0f} GB"


def line(rows, rate, bytes_per_row):
    """Return a line of the table: a build on 64 cores, limited by the slowest of cores, network and calls."""
    files = -(-rows // ROWS_PER_FILE[rows])
    cpu, written = rows / rate, rows * bytes_per_row
    calls = files * CALLS_PER_FILE + -(-files // FILES_PER_COMMIT)
    times = [max(cpu / CORES, written / speed) for speed in NETWORKS.values()]
    hub = [max(seconds, calls / CALLS_PER_SECOND) for seconds in times]
    money = cpu / 3600 * CORE_HOUR + files * STORE_UPLOADS
    exponent = len(str(rows)) - 1
    cells = [f"10^{exponent}", size(written), f"{files:,}", duration(cpu / CORES), *map(duration, times), f"{calls:,}"]
    cells += [duration(hub[-1]), f"{money:,.2f}" if money < 100 else f"{money:,.0f}"]
    cells += [f"{written / 1e12 * price:,.0f}" for price in (STORE_TB_MONTH, HUB_TB_MONTH)]
    return cells


def table(rate, bytes_per_row):
    heading = ["rows", "size", "files", f"{CORES} cores", *NETWORKS, "calls to the Hub", "Hub, 10 Gb/s", "$ to make"]
    heading += ["$ a month, S3", "$ a month, Hub"]
    lines = [heading, ["---"] * len(heading), *(line(rows, rate, bytes_per_row) for rows in ROWS_PER_FILE)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, help="rows built per CPU second; measured by default")
    arguments = parser.parse_args()
    rate, read_rate, bytes_per_row = measure()
    print(f"{rate:,.0f} rows built and {read_rate:,.0f} read per CPU second, {bytes_per_row} bytes a row")
    print(f"\n{table(arguments.rate or rate, bytes_per_row)}\n")
    for name, speed in NETWORKS.items():
        print(
            f"At {name}, {speed / bytes_per_row / (arguments.rate or rate):.1f} cores make rows as fast as they arrive."
        )


if __name__ == "__main__":
    main()
