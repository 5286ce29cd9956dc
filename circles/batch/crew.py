"""Those who work: a Dask cluster of this machine, or any scheduler that is running."""

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from circles.batch.work import in_one_line
from circles.errors import CirclesError, InputError

if TYPE_CHECKING:
    from distributed import Client

#: What the machine keeps for itself and for the process that started the batch.
_FOR_OTHERS: Final = 0.15
_MIB: Final = 2**20
_PATIENCE_S: Final = 20


class CrewError(CirclesError):
    """The workers cannot be reached, or are lost."""


@contextmanager
def local_crew(
    *, tasks: int, heaviest_mib: int, jobs: int | None, scratch: Path
) -> Iterator["Client"]:
    """Start one worker for each processor, as far as memory goes; nobody else can reach them.

    Parameters
    ----------
    tasks
        How many districts there are to do.
    heaviest_mib
        What the largest of them may need.
    jobs
        How many workers to start, instead.
    scratch
        A folder for the workers' own files.

    Raises
    ------
    CrewError
        The machine cannot start them.
    """
    from distributed import Client, LocalCluster
    from distributed.system import MEMORY_LIMIT

    for_workers = int(MEMORY_LIMIT * (1 - _FOR_OTHERS))
    count = jobs or workers_for(tasks, heaviest_mib, memory_mib=for_workers // _MIB)
    _quiet()
    with ExitStack() as stack:
        try:
            cluster = stack.enter_context(
                LocalCluster(
                    n_workers=count,
                    threads_per_worker=1,
                    processes=True,
                    memory_limit=for_workers // count,
                    host="127.0.0.1",
                    dashboard_address="127.0.0.1:0",
                    local_directory=str(scratch),
                    silence_logs=logging.CRITICAL,
                    env={"CIRCLES_THREADS": str(max(1, _processors() // count))},
                )
            )
            client = stack.enter_context(Client(cluster, set_as_default=False))
        except (OSError, RuntimeError) as error:
            message = (
                f"{count} workers cannot be started on this machine ({in_one_line(error)}); "
                "start fewer with --jobs"
            )
            raise CrewError(message) from error
        yield client


@contextmanager
def hired_crew(scheduler: str) -> Iterator["Client"]:
    """Connect to a scheduler that is running.

    Parameters
    ----------
    scheduler
        Its address, such as ``"tcp://127.0.0.1:8786"`` or ``"tls://10.0.0.5:8786"``.

    Raises
    ------
    CrewError
        Nobody answers there.
    """
    from distributed import Client

    _quiet()
    try:
        client = Client(scheduler, timeout=_PATIENCE_S, set_as_default=False)
    except (OSError, TimeoutError, ValueError, TypeError) as error:
        message = (
            f"--scheduler {scheduler}: no Dask scheduler answers there ({in_one_line(error)}); "
            "start one with dask scheduler, and use the address that it prints; an address with "
            "tls:// needs certificates, see docs/batch.md"
        )
        raise CrewError(message) from error
    with client:
        yield client


def refuse_no_address(scheduler: str) -> None:
    """Refuse what cannot be a scheduler's address.

    Raises
    ------
    InputError
        It is none.
    """
    # Dask itself waits for half a minute and more before it gives such an address up.
    from distributed.comm.addressing import parse_address, parse_host_port
    from distributed.comm.registry import backends

    try:
        scheme, place = parse_address(scheduler, strict=True)
        known = scheme in backends
        parse_host_port(place)
    except ValueError:
        known = False
    if not known:
        message = (
            f"--scheduler {scheduler!r} is no address of a Dask scheduler; it is like "
            "tcp://127.0.0.1:8786 or tls://10.0.0.5:8786, as dask scheduler prints it"
        )
        raise InputError(message)


def workers_for(tasks: int, heaviest_mib: int, *, memory_mib: int) -> int:
    """Return how many workers to start: a processor and enough memory for each.

    Parameters
    ----------
    tasks
        How many districts there are to do.
    heaviest_mib
        What the largest of them may need.
    memory_mib
        What there is.
    """
    return max(1, min(_processors(), tasks, memory_mib // max(heaviest_mib, 1)))


def _processors() -> int:
    from dask.system import CPU_COUNT

    return int(CPU_COUNT)


def _quiet() -> None:
    """Keep Dask's own log to itself: what happens to a district is said by the batch."""
    # Dask gives some of its loggers a level of their own.
    known = [name for name in logging.root.manager.loggerDict if name.startswith("distributed.")]
    for name in ("distributed", "tornado", "asyncio", *known):
        logging.getLogger(name).setLevel(logging.CRITICAL)


def is_lost(client: "Client") -> bool:
    """Tell whether the scheduler is gone."""
    comm: Any = client.scheduler_comm
    return client.status not in {"running", "connecting"} or comm is None
