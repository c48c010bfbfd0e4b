"""What goes wrong in setting up capture."""

from __future__ import annotations

from connector.errors import ConfigurationError


class CaptureError(ConfigurationError):
    """Capture cannot be set up as asked; the text says what stands in the way and what to run or change."""
