"""What the tests of taggers that are services share: a photo, and a server that misbehaves."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from PIL import Image


def photo() -> Image.Image:
    return Image.new("RGB", (1200, 800), "olive")


@contextmanager
def raw_server(*parts: bytes, forever: bytes = b"", falls_silent: bool = False) -> Iterator[str]:
    """Serve bytes that no HTTP library would send, then ``forever`` without end; give its address.

    Closes the connection after the parts when there is nothing to send for ever, unless it is to
    fall silent.
    """
    with socket.create_server(("127.0.0.1", 0)) as listening:
        stopping = threading.Event()
        serving = threading.Thread(
            target=_serve, args=(listening, parts, forever, falls_silent, stopping), daemon=True
        )
        serving.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        stopping.set()
        listening.shutdown(socket.SHUT_RDWR)
        serving.join(timeout=5)


def _serve(
    listening: socket.socket,
    parts: tuple[bytes, ...],
    forever: bytes,
    falls_silent: bool,
    stopping: threading.Event,
) -> None:
    while not stopping.is_set():
        try:
            connection, _ = listening.accept()
        except OSError:
            return
        with connection:
            try:
                connection.recv(65536)
                for part in parts:
                    connection.sendall(part)
                while forever and not stopping.is_set():
                    connection.sendall(forever)
                if falls_silent:
                    stopping.wait()
            except OSError:
                continue
