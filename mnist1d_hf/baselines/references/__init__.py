"""Classifiers without a network that the baselines are compared with: measured, never kept."""

from .classifiers import REFERENCES, Reference, get_reference
from .measuring import train_references

__all__ = ["REFERENCES", "Reference", "get_reference", "train_references"]
