"""Headless Chromium as tests, pictures and benchmarks of the web map start it: without network, updates or a GPU."""

import shutil

__all__ = ["OPTIONS", "READY", "chromium"]

OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

READY = "() => Boolean(window.hazardmap && window.hazardmap.ready)"
"""Whether a page of ours has drawn itself."""


def chromium() -> str | None:
    """Path of the Chromium that is installed; playwright's own cannot be downloaded without a network."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
