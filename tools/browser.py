"""A real browser for what must be seen in one: the printed book and the tests of its pages."""

import shutil
from contextlib import contextmanager

from playwright.sync_api import sync_playwright

# Playwright's Chromium comes with `playwright install chromium`; a system's own is taken first.
SYSTEM = ("chromium", "chromium-browser", "google-chrome")
QUIET = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()


@contextmanager
def chromium():
    """The system's Chromium, or Playwright's own where there is none."""
    path = next(filter(None, map(shutil.which, SYSTEM)), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=QUIET)
        try:
            yield browser
        finally:
            browser.close()
