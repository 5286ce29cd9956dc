"""The peers' own Python environment, made once in a cache folder outside the repository."""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

REQUIREMENTS: Final = Path(__file__).parent / "requirements.txt"
_VERSIONS: Final = ("3.12", "3.13")


class EnvironmentMissingError(RuntimeError):
    """No Python that runs the peers was found."""


def peers_python(cache: Path, python: Path | None = None) -> Path:
    """Return the interpreter of the peers' environment; make it if it is not there.

    Parameters
    ----------
    cache
        Folder for the environment; made anew when ``requirements.txt`` has changed.
    python
        A Python 3.12 or 3.13 to make it with; looked for if not given.

    Raises
    ------
    EnvironmentMissingError
        No such Python is found.
    """
    wanted = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()
    folder = cache / "peers"
    mark = folder / "requirements.sha256"
    interpreter = folder / "bin" / "python"
    if mark.exists() and mark.read_text() == wanted:
        return interpreter
    base = python or _find_python()
    subprocess.run([str(base), "-m", "venv", "--clear", str(folder)], check=True)  # noqa: S603
    install = [str(interpreter), "-m", "pip", "install", "--quiet", "-r", str(REQUIREMENTS)]
    subprocess.run(install, check=True)  # noqa: S603
    mark.write_text(wanted)
    return interpreter


def _find_python() -> Path:
    """Look for a Python that the peers' wheels are made for: on the path, then in pyenv."""
    candidates = [shutil.which(f"python{version}") for version in _VERSIONS]
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    for version in _VERSIONS:
        candidates += [str(path) for path in sorted(pyenv.glob(f"{version}.*/bin/python"))]
    for candidate in candidates:
        if candidate and _version(candidate) in _VERSIONS:
            return Path(candidate)
    message = "the peers need Python 3.12 or 3.13; name one with --peers-python"
    raise EnvironmentMissingError(message)


def _version(python: str) -> str:
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    run = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False)  # noqa: S603
    return run.stdout.strip()
