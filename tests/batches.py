"""Batches for tests: the sample's streets as districts, runs in processes of their own."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil

SAMPLE = Path(__file__).parent.parent / "data" / "sample"
STREETS = ("榕岸街道", "云塔街道", "稻涌镇")
#: Files that hold the clock.
CLOCKS = frozenset({"run.json", "batch-run.json"})
PATIENCE_S = 300


def split_sample(folder: Path) -> Path:
    """Copy the sample to a folder, split by its streets; return the description of the batch."""
    shutil.copytree(SAMPLE, folder, dirs_exist_ok=True)
    project = folder / "circles.toml"
    text = project.read_text("utf-8").replace("[output]", "[output]\ndocuments = []")
    assert "documents = []" in text
    project.unlink()
    path = folder / "batch.toml"
    path.write_text(f'{text}\n[batch]\nby = "street"\n', "utf-8")
    return path


def start(path: Path, out: Path, *options: str) -> subprocess.Popen[str]:
    """Start a batch in a process of its own."""
    command = [sys.executable, "-m", "circles", "batch", str(path), "--out", str(out)]
    return subprocess.Popen(
        [*command, "--lang", "en", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUTF8": "1"},
    )


def finish(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Wait for a batch; return its exit code and all that it printed."""
    out, err = process.communicate(timeout=PATIENCE_S)
    return process.returncode, out + err


def run(path: Path, out: Path, *options: str) -> tuple[int, str]:
    """Run a batch; return its exit code and all that it printed."""
    return finish(start(path, out, *options))


def contents(out: Path) -> dict[str, bytes]:
    """Return every file of a batch that a reader may open, without those that hold the clock."""
    return {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in sorted(out.rglob("*"))
        if path.is_file() and path.name not in CLOCKS and ".batch" not in str(path.relative_to(out))
    }


def results(out: Path) -> dict[str, bytes]:
    """Return the results of districts and city; the record tells which run made which."""
    own = contents(out)
    return {name: content for name, content in own.items() if "/" in name}


def wait_until(there: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    """Wait for something to happen while a process runs."""
    end = time.monotonic() + PATIENCE_S
    while not there():
        if process.poll() is not None:
            message = f"it ended before: {process.communicate()}"
            raise AssertionError(message)
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.02)


def workers_of(process: subprocess.Popen[str]) -> list[psutil.Process]:
    """Return the workers of a batch: the processes below its own that hold most memory."""
    below = psutil.Process(process.pid).children(recursive=True)
    spawned = []
    for child in below:
        try:
            if any("spawn_main" in word for word in child.cmdline()):
                spawned.append(child)
        except psutil.Error:
            continue
    return spawned


def at_work(out: Path) -> bool:
    """Tell whether a worker is writing a district."""
    return any((out / ".batch").glob("*.lock"))


def scored(out: Path) -> list[str]:
    """Return the districts whose results are all there."""
    return [name for name in STREETS if (out / name / "manifest.json").is_file()]
