"""Mending errors: choose them, send their records again, edited or as they are, and close them with a note."""

from __future__ import annotations
