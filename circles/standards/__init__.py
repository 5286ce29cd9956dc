"""Standards as data: rules, tiers and targets, with their sources and assumptions."""

from circles.standards.loader import load_standard, no_such_standard, standard_ids
from circles.standards.model import Standard

__all__ = ["Standard", "load_standard", "no_such_standard", "standard_ids"]
