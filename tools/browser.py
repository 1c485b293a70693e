"""A real browser for what must be seen in one: the printed book and the tests of its pages.

As a command it makes sure that there is one, by the first of three ways that works, and says which:
the system's own; Playwright's; Debian's package, where apt is at hand with the rights.
"""

import os
import platform
import shutil
import subprocess
import sys
from contextlib import ExitStack, contextmanager

from playwright.sync_api import sync_playwright

SYSTEM = ("chromium", "chromium-browser", "google-chrome")
QUIET = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()

PLAYWRIGHT = [sys.executable, "-m", "playwright"]
APT = ["apt-get", "-qq", "-y", "--no-install-recommends"]
DEBIAN = ["chromium", "fonts-dejavu-core", "libatomic1"]  # Playwright's driver does not start without libatomic1
ADVICE = (
    f"No browser starts here: `apt-get install {' '.join(DEBIAN)}` installs one on Debian, "
    "`.venv/bin/playwright install --with-deps chromium` elsewhere."
)


class NoBrowser(RuntimeError):
    """Neither the system nor Playwright has a browser that starts."""


@contextmanager
def chromium():
    """The system's Chromium, or Playwright's own where there is none or it does not start."""
    with ExitStack() as stack:
        browser, why = None, []
        for path in (*filter(None, map(shutil.which, SYSTEM)), None):
            try:
                playwright = stack.enter_context(sync_playwright())
                browser = stack.enter_context(playwright.chromium.launch(executable_path=path, args=QUIET))
                break
            except Exception as error:  # the driver's own failure is a bare Exception
                why.append(f"{path or 'Playwright'}: {error}")
                stack.close()
        if not browser:
            raise NoBrowser(ADVICE) from ExceptionGroup("what was tried", [RuntimeError(reason) for reason in why])
        yield browser


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
    yield "Playwright's own", [[*PLAYWRIGHT, "install", "chromium"]]
    root = rights()
    if shutil.which("apt-get") and root is not None:
        update = [*root, *APT, "update"]
        if platform.freedesktop_os_release()["ID"] == "ubuntu":  # its chromium package is a snap
            libraries = [*root, *APT, "install", "libatomic1"]
            yield (
                "Playwright's own with Ubuntu's libraries",
                [
                    update,
                    libraries,
                    [*PLAYWRIGHT, "install", "--with-deps", "chromium"],
                ],
            )
        else:
            yield "Debian's", [update, [*root, *APT, "install", *DEBIAN]]


def main():
    for way, commands in ways() if not found() else ():
        print(f"No browser starts here yet: trying {way} ...", flush=True)
        for command in commands:
            done = subprocess.run(
                command, capture_output=True, text=True, env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
            )
            if done.returncode:
                said = [line for line in (done.stdout + done.stderr).splitlines() if "rror" in line]
                print(f"That failed: {' '.join(command[-3:])}: {said[0] if said else done.returncode}", flush=True)
                break
        if found():
            break
    browser = found()
    print(f"The browser: {browser}" if browser else ADVICE)
    return not browser


if __name__ == "__main__":
    sys.exit(main())
