"""First on PYTHONPATH, Python runs this at every start: no process reaches another host, and each one keeps a note of
the hosts that it wanted and of the memory that it took. A kernel that is slow to end is killed, so no note waits for
the end."""

import atexit
import json
import os
import resource
import socket
import sys
import threading
import time
from pathlib import Path

wanted = []


def stay_at_home(event, arguments):
    if event in ("socket.connect", "socket.sendto"):
        host = (
            arguments[1][0] if isinstance(arguments[1], tuple) else "localhost"
        )  # else a local socket, named by a path
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        host = arguments[0]
    else:
        return
    host = host.decode() if isinstance(host, bytes) else host
    if host and not host.startswith("127.") and host not in ("localhost", "::1", "0.0.0.0", socket.gethostname()):
        wanted.append(host)
        raise ConnectionRefusedError(f"no network here: {host} is another host")


def note():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    megabytes = usage.ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)
    told = {"command": sys.argv, "megabytes": megabytes, "wanted": wanted}
    new = Path(os.environ["NOTES"], f"{os.getpid()}.{threading.get_ident()}.new")
    new.write_text(json.dumps(told))
    new.replace(new.with_name(f"{os.getpid()}.json"))  # whole or not at all


def keep_notes():
    while True:
        time.sleep(0.5)
        note()


sys.addaudithook(stay_at_home)
atexit.register(note)
threading.Thread(target=keep_notes, daemon=True).start()
