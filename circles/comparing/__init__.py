"""Comparing two runs: what got better and worse, by community and service, and why."""

from circles.comparing.compare import compare
from circles.comparing.files import write_comparison
from circles.comparing.model import Comparison
from circles.comparing.terminal import comparison_lines

__all__ = ["Comparison", "compare", "comparison_lines", "write_comparison"]
