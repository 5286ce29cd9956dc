"""Engines in processes of their own: one call a line goes in as JSON, one answer comes out.

Large arrays travel through ``.npz`` files that the arguments name, never through the pipe. The
child measures each call itself, so that what the pipe costs is no part of it.
"""

import contextlib
import gc
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TextIO

ROOT: Final = Path(__file__).resolve().parent.parent


class WorkerError(RuntimeError):
    """An engine failed; the message is its own."""


@dataclass(frozen=True)
class Answer:
    """What a call returned.

    Parameters
    ----------
    value
        The method's result, as JSON holds it.
    seconds
        The time the method took.
    peak_bytes
        The most memory the process has held so far.
    """

    value: Any
    seconds: float
    peak_bytes: int


class Worker:
    """One engine's process, as the benchmark sees it.

    Parameters
    ----------
    python
        The interpreter that has the engine.
    module
        A module that calls `serve` when run.
    """

    def __init__(self, python: Path, module: str) -> None:
        self.module = module
        self._process = subprocess.Popen(  # noqa: S603 - our own module
            [str(python), "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={**os.environ, "PYTHONWARNINGS": "ignore"},
        )

    def call(self, method: str, **arguments: Any) -> Answer:
        """Call a method of the engine.

        Raises
        ------
        WorkerError
            The process ended: the method failed, and said why on standard error.
        """
        assert self._process.stdin is not None  # noqa: S101 - opened above
        assert self._process.stdout is not None  # noqa: S101
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps([method, arguments]) + "\n")
            self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            message = f"{self.module} ended during {method}() with code {self._process.wait()}"
            raise WorkerError(message)
        return Answer(**json.loads(line))

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None  # noqa: S101
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()


@contextlib.contextmanager
def worker(python: Path, module: str) -> Iterator[Worker]:
    """Run an engine for the length of a ``with`` block."""
    engine = Worker(python, module)
    try:
        yield engine
    finally:
        engine.close()


def serve(engine: object) -> None:
    """Answer calls on standard input with the public methods of an engine until it closes."""
    with _own_pipe() as pipe:
        for line in sys.stdin:
            method, arguments = json.loads(line)
            pipe.write(json.dumps(_answer(engine, method, arguments)) + "\n")
            pipe.flush()


def peak_bytes() -> int:
    """Return the most memory this process has held, since `forget_peak` if it was called."""
    status = Path("/proc/self/status").read_text()
    (line,) = [line for line in status.splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) * 1024


def forget_peak() -> None:
    """Let the peak start anew at what the process holds now (Linux)."""
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5")


def _answer(engine: object, method: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """Call an engine; what it raises ends its process, with the traceback on standard error."""
    start = time.perf_counter()
    value = getattr(engine, method)(**arguments)
    seconds = time.perf_counter() - start
    return {"value": value, "seconds": seconds, "peak_bytes": peak_bytes()}


@contextlib.contextmanager
def _own_pipe() -> Iterator[TextIO]:
    """Keep standard output for answers; what engines print goes to standard error."""
    with os.fdopen(os.dup(1), "w") as pipe:
        os.dup2(2, 1)
        yield pipe
