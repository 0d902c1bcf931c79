"""Worker processes: they end with their parent, whatever ends it, and what they leave is said."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time

import pytest

from ..conftest import ROOT, interruptible

SCRIPT = """
import os, signal, sys, time
from pathlib import Path
from mnist1d_hf.cli import main
from mnist1d_hf.utils.files import replacing
from mnist1d_hf.utils.processes import local_processes, report
from mnist1d_hf.utils.progress import Bar

FOLDER = Path(sys.argv[1])

def write(name):
    report(name, 0)
    with replacing(FOLDER / name) as unfinished:
        unfinished.write_text(str(os.getpid()))
        while not (FOLDER / "go").exists() and name != "first":
            time.sleep(0.01)

def fail(name):
    report(name, 0)
    (FOLDER / name).touch()
    while not (FOLDER / "go").exists():
        time.sleep(0.01)
    os.kill(os.getpid(), signal.SIGKILL)

@main.command("work")
def work():
    bars = {name: Bar(name, 1) for name in ("first", "second", "third", "fourth")}
    with local_processes(bars, 2, kept="these are kept", what="letters") as pool:
        pool.submit(write, "first").result()
        for future in [pool.submit(fail if name in sys.argv[2:] else write, name) for name in list(bars)[1:]]:
            future.result()

if __name__ == "__main__":
    main(["work"])
"""


@pytest.fixture
def start(tmp_path):
    """Start the script in a session of its own, with two workers that have begun to write, and return it."""
    script, folder = tmp_path / "script.py", tmp_path / "folder"
    script.write_text(SCRIPT)
    folder.mkdir()
    started = []

    def started_with(*arguments):
        with interruptible():
            process = subprocess.Popen(
                [sys.executable, str(script), str(folder), *arguments],
                stderr=subprocess.PIPE,
                text=True,
                start_new_session=True,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
            )
        started.append(process)
        return process, folder

    yield started_with
    for process in started:
        if members(process.pid):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        process.stderr.close()


def members(group):
    """The processes of a group."""
    found = subprocess.run(["ps", "-e", "-o", "pgid=,pid=,stat="], capture_output=True, text=True, check=True).stdout
    rows = [line.split() for line in found.splitlines()]
    return [int(pid) for pgid, pid, state in rows if int(pgid) == group and not state.startswith("Z")]


def wait_until(condition):
    for _ in range(6000):
        if condition():
            return
        time.sleep(0.01)
    pytest.fail("it never came to this")


@pytest.mark.long
@pytest.mark.parametrize(
    ("number", "status", "last"),
    [(signal.SIGINT, 1, "Aborted!"), (signal.SIGTERM, 143, "Terminated!"), (signal.SIGKILL, -9, "")],
    ids=["interrupt", "termination", "kill"],
)
def test_nothing_is_left_running_or_half_written(start, number, status, last):
    process, folder = start()
    wait_until(lambda: len(list(folder.glob(".*.incomplete"))) == 2)
    process.send_signal(number)
    # The pipe is open as long as one of the processes has it.
    said = process.communicate()[1]
    assert process.returncode == status
    assert "Traceback" not in said
    wait_until(lambda: not members(process.pid))
    assert [path.name for path in folder.iterdir()] == ["first"]
    if last:
        assert said.splitlines()[-2:] == ["1 of 4 letters are finished; these are kept.", last]


@pytest.mark.long
def test_an_interrupt_of_the_whole_terminal_gives_no_tracebacks_of_workers(start):
    process, folder = start()
    wait_until(lambda: (folder / "first").exists())
    os.killpg(process.pid, signal.SIGINT)  # the second worker is only starting
    said = process.communicate()[1]
    assert said.splitlines()[-1] == "Aborted!"
    assert "Traceback" not in said
    assert [path.name for path in folder.iterdir()] == ["first"]


@pytest.mark.long
def test_a_worker_that_is_killed_is_one_line(start):
    process, folder = start("third")
    wait_until(lambda: (folder / "third").exists() and list(folder.glob(".second.*")))
    (folder / "go").touch()
    said = process.communicate()[1]
    assert process.returncode == 1
    (line,) = [line for line in said.splitlines() if line.startswith("Error: ")]
    assert line.startswith("Error: a process was killed while it worked on third, perhaps for lack of memory; ")
    assert line.endswith(" of 4 letters are finished; these are kept")
    assert "Traceback" not in said
    assert not list(folder.glob(".*"))


@pytest.mark.long
def test_a_script_without_a_guard_is_told_so(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "from mnist1d_hf.utils.processes import local_processes\n"
        "from mnist1d_hf.utils.progress import Bar\n"
        "with local_processes({'one': Bar('one', 1)}) as pool:\n"
        "    pool.submit(abs, -1).result()\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    result = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, env=environment, check=False)
    assert result.stderr.splitlines()[-1].startswith(
        "mnist1d_hf.errors.WorkerError: a process ended before it had begun its work; a script has to start it below"
    )


def test_workers_of_others_are_left_alone():
    from mnist1d_hf.utils.processes import local_processes

    context = multiprocessing.get_context("spawn")
    other = context.Process(target=time.sleep, args=(60,))
    other.start()
    with pytest.raises(LookupError), local_processes({}) as pool:
        pool.submit(abs, -1).result()
        raise LookupError
    assert other.is_alive()
    other.terminate()
    other.join()


def test_processes_of_the_tests_take_interrupts_even_in_the_background_of_a_script():
    code = "import signal; print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)"
    handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with interruptible():
            result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, handler)
    assert result.stdout == "True\n"
