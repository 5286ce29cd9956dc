"""Compiling kernels: once, kept on disk where that is possible, and said while it lasts."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numba
from numba.core import event


def compiled(function: Callable[..., Any]) -> Any:
    """Compile a function when it is first called; a decorator for kernels.

    What is compiled is kept beside the module, or in the user's cache folder. Where neither can be
    written to, each process compiles anew.

    Parameters
    ----------
    function
        Of plain arrays and numbers; it holds no lock while it runs.
    """
    try:
        return numba.njit(cache=True, nogil=True)(function)
    except RuntimeError:  # numba found no folder for its cache
        return numba.njit(nogil=True)(function)


@contextmanager
def say_when_compiling(say: Callable[[], None]) -> Iterator[None]:
    """Call back once if kernels have to be compiled meanwhile, before the first of them is.

    Parameters
    ----------
    say
        Tells the user why it takes longer.
    """
    with event.install_listener("numba:compile", _Teller(say)):
        yield


class _Teller(event.Listener):
    def __init__(self, say: Callable[[], None]) -> None:
        self._say = say
        self._said = False

    def on_start(self, event: object) -> None:  # noqa: ARG002 - which kernel does not matter
        if not self._said:
            self._said = True
            self._say()

    def on_end(self, event: object) -> None:
        """Nothing to say."""
