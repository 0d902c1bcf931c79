"""Layers for many members at once, with their backward passes written out."""
