"""The address bin/run serves: `check` that it is free, `announce` it once it answers."""

import errno
import os
import socket
import sys
import time
import urllib.error
import urllib.request

PATIENCE_S = 60


def main() -> None:
    host = os.environ["HOST"]
    port = _port(os.environ["PORT"])
    if sys.argv[1] == "check":
        _check(host, port)
    else:
        _announce(host, port)


def _port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        sys.exit(f"PORT is {text!r}; it must be a number from 1 to 65535.")
    return int(text)


def _check(host: str, port: int) -> None:
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen()
    except socket.gaierror:
        sys.exit(f"HOST is {host!r}, which is no address of this machine.")
    except OSError as error:
        sys.exit(_refusal(host, port, error))


def _refusal(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {port} is in use by another program (or by photolib itself). "
            f"Stop that, or choose another port: PORT={port % 65535 + 1} bin/run"
        )
    if error.errno == errno.EACCES:
        return f"Port {port} is for administrators only. Choose another: PORT=8000 bin/run"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"HOST is {host!r}, which is no address of this machine."
    return f"Listening on {host}, port {port} is impossible: {error.strerror}."


def _announce(host: str, port: int) -> None:
    near = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    url = f"http://[{near}]:{port}/" if ":" in near else f"http://{near}:{port}/"
    give_up_at = time.monotonic() + PATIENCE_S
    while not _answers(url):
        if time.monotonic() > give_up_at:
            sys.exit(f"photolib does not answer at {url} yet; look above for the reason.")
        time.sleep(0.1)
    print(f"photolib is ready: {os.environ.get('PHOTOLIB_SITE_URL') or url}  (Ctrl-C stops it)")


def _answers(url: str) -> bool:
    request = urllib.request.Request(f"{url}up/", headers=_named_host())  # noqa: S310
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(request, timeout=5):
            return True
    except urllib.error.HTTPError:
        return True  # a refusal is an answer too
    except OSError:
        return False


def _named_host() -> dict[str, str]:
    """Ask for a host that the site accepts, lest it logs a stranger's knock."""
    named = os.environ.get("PHOTOLIB_ALLOWED_HOSTS", "").split(",")[0].strip(" .*")
    return {"Host": named} if named else {}


if __name__ == "__main__":
    main()
