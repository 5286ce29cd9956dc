"""What befalls a batch: killed workers, clients and schedulers, spoilt inputs, full disks."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.batches import (
    STREETS,
    at_work,
    finish,
    results,
    run,
    scored,
    split_sample,
    start,
    wait_until,
    workers_of,
)

pytestmark = pytest.mark.faults


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run the batch with nothing in its way; return its folder."""
    home = tmp_path_factory.mktemp("undisturbed")
    out = home / "out"
    code, said = run(split_sample(home / "inputs"), out)
    assert code == 0, said
    return out


@pytest.fixture
def path(undisturbed: Path, tmp_path: Path) -> Path:
    """Return a description equal to that of the undisturbed batch, in a folder of its own."""
    return split_sample(tmp_path / "inputs")


def test_a_killed_worker_is_replaced(undisturbed: Path, path: Path, tmp_path: Path) -> None:
    """The district it was at is scored by another one, and nothing differs."""
    out = tmp_path / "out"
    process = start(path, out, "--jobs", "2")
    wait_until(lambda: at_work(out), process)
    killed = workers_of(process)
    assert killed
    for worker in killed:
        worker.send_signal(signal.SIGKILL)
    code, said = finish(process)
    assert code == 0, said
    assert "3 districts done" in said
    assert results(out) == results(undisturbed)


def test_a_killed_client_leaves_whole_districts(
    undisturbed: Path, path: Path, tmp_path: Path
) -> None:
    """The next run goes on with the rest; the bytes are those of an undisturbed one."""
    out = tmp_path / "out"
    process = start(path, out, "--jobs", "1")
    wait_until(lambda: len(scored(out)) == 1, process)
    process.send_signal(signal.SIGKILL)
    finish(process)
    done = scored(out)
    assert len(done) < len(STREETS)
    whole = results(undisturbed)
    for name in done:
        own = {key for key in whole if key.startswith(f"{name}/")}
        assert all((out / key).read_bytes() == whole[key] for key in own)
    code, said = run(path, out)
    assert code == 0, said
    assert f"{len(STREETS) - len(done)} districts done, {len(done)} already done" in said
    assert results(out) == whole
    assert not list(out.rglob(".new-*"))


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """Start a scheduler and two workers on this machine, as the README says; return its address."""
    address_file = tmp_path / "scheduler.json"
    dask = [sys.executable, "-m", "dask"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    scheduler = subprocess.Popen(
        [*dask, "scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard",
         "--scheduler-file", str(address_file)], **quiet,  # type: ignore[call-overload]
    )  # fmt: skip
    wait_until(lambda: address_file.is_file() and address_file.stat().st_size > 0, scheduler)
    address = json.loads(address_file.read_text("utf-8"))["address"]
    workers = [
        subprocess.Popen(
            [*dask, "worker", address, "--nthreads", "1", "--no-dashboard",
             "--local-directory", str(tmp_path / f"worker-{number}")], **quiet,  # type: ignore[call-overload]
        )
        for number in range(2)
    ]  # fmt: skip
    yield address, [scheduler, *workers]
    for process in (*workers, scheduler):
        process.send_signal(signal.SIGTERM)
    for process in (*workers, scheduler):
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def test_a_cluster_gives_what_one_machine_gives(
    cluster: tuple[str, list[subprocess.Popen[bytes]]],
    undisturbed: Path,
    path: Path,
    tmp_path: Path,
) -> None:
    """A scheduler and two workers over loopback: the same bytes."""
    address, _ = cluster
    out = tmp_path / "out"
    code, said = run(path, out, "--scheduler", address)
    assert code == 0, said
    assert results(out) == results(undisturbed)


def test_a_lost_scheduler_is_told_and_the_next_run_goes_on(
    cluster: tuple[str, list[subprocess.Popen[bytes]]],
    undisturbed: Path,
    path: Path,
    tmp_path: Path,
) -> None:
    """What is done stays; the rest is scored without it."""
    address, (scheduler, *_) = cluster
    out = tmp_path / "out"
    process = start(path, out, "--scheduler", address)
    wait_until(lambda: at_work(out), process)
    scheduler.send_signal(signal.SIGKILL)
    code, said = finish(process)
    assert code == 1
    assert "the Dask scheduler was lost" in said
    assert "Traceback" not in said
    states = {d["status"] for d in json.loads((out / "batch.json").read_text("utf-8"))["districts"]}
    assert "not_started" in states
    code, said = run(path, out)
    assert code == 0, said
    assert results(out) == results(undisturbed)


def test_nobody_answers_at_an_address(path: Path, tmp_path: Path) -> None:
    """One clear line; nothing is scored."""
    code, said = run(path, tmp_path / "out", "--scheduler", "tcp://127.0.0.1:9")
    assert code == 1
    assert "no Dask scheduler answers there" in said
    assert "Traceback" not in said


def test_a_spoilt_input_of_one_district_stops_only_that(path: Path, tmp_path: Path) -> None:
    """Of listed projects one cannot be read: it is named with its reason, the others are done."""
    sound, spoilt = tmp_path / "a", tmp_path / "b"
    for folder, name in ((sound, "甲区"), (spoilt, "乙区")):
        split_sample(folder)
        text = (folder / "batch.toml").read_text("utf-8").partition("[batch]")[0]
        own = text.replace('name = "云浦区（虚构）"', f'name = "{name}"')
        assert own != text
        (folder / "circles.toml").write_text(own, "utf-8")
    (spoilt / "communities.gpkg").write_bytes(b"no such layer")
    listed = tmp_path / "city.toml"
    listed.write_text(
        'name = "市"\n[batch]\nprojects = ["*/circles.toml"]\n[output]\ndir = "out"\n', "utf-8"
    )
    out = tmp_path / "out"
    code, said = run(listed, out)
    assert code == 1
    (line,) = [line for line in said.splitlines() if line.startswith("! ")]
    assert line.startswith("! 乙区: ")
    assert "communities.gpkg" in line
    record = json.loads((out / "batch.json").read_text("utf-8"))
    assert [(d["name"], d["status"]) for d in record["districts"]] == [
        ("甲区", "done"),
        ("乙区", "failed"),
    ]
    assert record["counts"] == {"done": 1, "failed": 1, "skipped": 0, "not_started": 0}
    assert (out / "甲区" / "manifest.json").is_file()
    assert not (out / "乙区").exists()
    assert not (out / "city").exists()
    assert "乙区" in (out / "index.html").read_text("utf-8")


def test_two_batches_do_not_share_a_folder(path: Path, tmp_path: Path) -> None:
    """The second is refused in one line and the first goes on."""
    out = tmp_path / "out"
    first = start(path, out, "--jobs", "1")
    wait_until((out / ".batch").is_dir, first)
    code, said = run(path, out)
    assert code == 1
    assert "another batch is writing to this folder" in said
    code, said = finish(first)
    assert code == 0, said


def in_small_space(script: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a shell script that may mount file systems which nobody else sees."""
    command = ["unshare", "--map-root-user", "--mount", "sh", "-euc", script, "sh", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)


FULL_DISK = """
mkdir -p "$2" && mount -t tmpfs -o size=4m tmpfs "$2"
"$1" -m circles batch "$3" --out "$2/out" --lang en && exit 9
mount -o remount,size=400m "$2"
"$1" -m circles batch "$3" --out "$2/out" --lang en
cp -r "$2/out" "$4"
"""


def test_a_full_disk_is_told_and_later_nothing_is_missing(
    undisturbed: Path, path: Path, tmp_path: Path
) -> None:
    """One line says so; with room again the next run ends with the bytes of an undisturbed one."""
    small, kept = tmp_path / "small", tmp_path / "kept"
    done = in_small_space(FULL_DISK, sys.executable, str(small), str(path), str(kept))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "No space left on device" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert results(kept) == results(undisturbed)


READ_ONLY = """
mkdir -p "$2" && mount -t tmpfs -o ro tmpfs "$2"
"$1" -m circles batch "$3" --out "$2" --lang en
"""


def test_a_folder_that_cannot_be_written_to_is_told(path: Path, tmp_path: Path) -> None:
    """In one line, before anything is read."""
    done = in_small_space(READ_ONLY, sys.executable, str(tmp_path / "fixed"), str(path))
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "cannot be written to (Read-only file system)" in done.stderr
