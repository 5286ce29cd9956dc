"""The results as Markdown tables, for people, and as JSON."""

import json
import os
import platform
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.environment import REQUIREMENTS
from benchmarks.setting import Section


def markdown(sections: Sequence[Section], *, repetitions: int) -> str:
    """Return all sections as one Markdown text."""
    machine = _machine()
    head = (
        f"Medians of {repetitions} interleaved repetitions, one run, {machine['cores']} cores, "
        f"Python {machine['python']}; peers: {', '.join(machine['peers'])}."
    )
    return "\n\n".join([head, *(_section(section) for section in sections)]) + "\n"


def write_json(path: Path, sections: Sequence[Section], *, repetitions: int) -> None:
    """Write all figures and checks."""
    content = {
        "machine": _machine(),
        "repetitions": repetitions,
        "sections": [
            {
                "title": section.title,
                "checks": [vars(check) for check in section.checks],
                "table": [section.columns, *section.rows],
                "notes": section.notes,
                "figures": section.figures,
            }
            for section in sections
        ],
    }
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", "utf-8")


def _section(section: Section) -> str:
    lines = [f"### {section.title}", ""]
    lines += [
        f"- {'✓' if check.holds else '✗'} {check.name}: {check.found}" for check in section.checks
    ]
    lines += [""] if section.checks else []
    lines += [_line(section.columns), _line(["---"] * len(section.columns))]
    lines += [_line(row) for row in section.rows]
    lines += ["", *(f"* {note}" for note in section.notes)] if section.notes else []
    return "\n".join(lines)


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _machine() -> dict[str, Any]:
    pinned = [line for line in REQUIREMENTS.read_text().splitlines() if "==" in line]
    return {
        "system": platform.system(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "peers": [line.replace("==", " ") for line in pinned],
    }
