"""A real browser for what must be seen in one: the printed book and the tests of its pages.

As a command it makes sure that there is one, by the first of three ways that works, and says which:
the system's own; Playwright's; Debian's package, where apt is at hand with the rights.
"""

import os
import platform
import re
import shutil
import subprocess
import sys
from contextlib import contextmanager, suppress

from playwright.sync_api import Error, sync_playwright

# First the one without a window: the same engine, for two thirds of the work
SYSTEM = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
QUIET = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()

PLAYWRIGHT = [sys.executable, "-m", "playwright"]
APT = ["apt-get", "-qq", "-y", "--no-install-recommends"]
DEBIAN = ["chromium-headless-shell", "fonts-dejavu-core", "libatomic1"]  # the last for Playwright's driver
ADVICE = (
    f"No browser starts here: `apt-get install {' '.join(DEBIAN)}` installs one on Debian, "
    "`.venv/bin/playwright install --with-deps --only-shell chromium` elsewhere."
)


class NoBrowser(RuntimeError):
    """Neither the system nor Playwright has a browser that starts."""


@contextmanager
def chromium():
    """The system's Chromium, or Playwright's own where there is none or it does not start."""
    if subprocess.run([*PLAYWRIGHT, "--version"], capture_output=True).returncode:  # a library is missing
        raise NoBrowser(ADVICE)
    with sync_playwright() as playwright:
        browser = first_that_starts(playwright)
        try:
            yield browser
        finally:
            browser.close()


def first_that_starts(playwright):
    for path in (*filter(None, map(shutil.which, SYSTEM)), None):
        with suppress(Error):
            return playwright.chromium.launch(executable_path=path, args=QUIET)
    raise NoBrowser(ADVICE)


def found():
    """Which browser starts, in words; None where none does."""
    try:
        with chromium() as browser:
            return f"Chromium {browser.version}"
    except NoBrowser:
        return None


def rights():
    """What precedes a command that only root may run; None where that is not allowed without a password."""
    if os.geteuid() == 0:
        return []
    allowed = shutil.which("sudo") and subprocess.run(["sudo", "-n", "true"], capture_output=True).returncode == 0
    return ["sudo", "-n"] if allowed else None


def ways():
    """How to come by a browser: what a way is called, and its commands."""
    yield "Playwright's own", [[*PLAYWRIGHT, "install", "--only-shell", "chromium"]]
    root = rights()
    if shutil.which("apt-get") is None or root is None:
        return
    update, install = [*root, *APT, "update"], [*root, *APT, "install"]
    if platform.freedesktop_os_release()["ID"] == "ubuntu":  # whose chromium package is a snap
        fetch = [*PLAYWRIGHT, "install", "--with-deps", "--only-shell", "chromium"]
        yield "Playwright's own on Ubuntu's libraries", [update, [*install, "libatomic1"], fetch]
    else:
        yield "Debian's package", [update, [*install, *DEBIAN]]


def attempt(commands):
    """Run commands up to the first that fails; what that one says, in a line."""
    quietly = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for command in commands:
        done = subprocess.run(command, capture_output=True, text=True, env=quietly)
        if done.returncode:
            said = [line for line in (done.stdout + done.stderr).splitlines() if re.search("error|E:", line)]
            return said[0] if said else f"exit status {done.returncode}"
    return "it does not start"


def main():
    browser = found()
    for way, commands in () if browser else ways():
        print(f"No browser starts here yet: trying {way} ...", flush=True)
        problem = attempt(commands)
        if browser := found():
            break
        print(f"That did not do: {problem}", flush=True)
    print(f"The browser: {browser}" if browser else ADVICE)
    return not browser


if __name__ == "__main__":
    sys.exit(main())
