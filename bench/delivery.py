"""Delivery under load: stored pictures, fresh ones, and uploads, through the production server.

    python bench/delivery.py [--seconds 8] [--clients 16] [--server-workers 2] [--photos 12]

Starts the server as bin/run does, on a data folder of its own, but with ``--server-workers``
processes; brings in some photos; and asks from processes of its own, which share the processors
with the server. Prints: requests a second and the time to the first byte of a picture that is
stored; a fresh picture's time as a ratio to Pillow doing the same with a file at hand; small
uploads a second without and with tagging. Nothing is asserted.
"""

from __future__ import annotations

import argparse
import hashlib
import http.client
import json
import multiprocessing
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from statistics import median
from typing import Any

from PIL import Image, ImageOps

ROOT = Path(__file__).resolve().parent.parent
CLOUD, KEY, SECRET = "bench", "123456789012345", "a-secret-of-the-bench"
TRANSFORMATION = "c_fill,g_center,h_300,w_400"
LARGE, SMALL = (3000, 2000), (640, 480)
SET_UP = f"""
import django; django.setup()
from django.core.management import call_command
call_command("prepare", verbosity=0)
from gallery.models import ApiKey, Cloud, User
cloud = Cloud.objects.create(name={CLOUD!r}, owner=User.objects.create_user("bench"))
key = ApiKey(cloud=cloud, key={KEY!r}); key.secret = {SECRET!r}; key.save()
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--server-workers", type=int, default=2)
    parser.add_argument("--photos", type=int, default=12)
    asked = parser.parse_args()
    with _server(asked.server_workers) as (port, server):
        _fresh(port, asked.photos)
        _stored(port, server, asked)
        _uploads(port, asked)


@contextmanager
def _server(workers: int) -> Iterator[tuple[int, int]]:
    """Run the site and one worker; yield the port and the id of the server's process."""
    data, port = tempfile.mkdtemp(prefix="photolib-bench-"), _free_port()
    limitless = {f"PHOTOLIB_{name}_RATE": "" for name in ("DERIVE", "API_UPLOAD")}
    environment = (
        os.environ
        | limitless
        | {
            "PHOTOLIB_DATA_DIR": data,
            "DJANGO_SETTINGS_MODULE": "photolib.settings",
            "PYTHONPATH": str(ROOT),
        }
    )
    environment.pop("DATABASE_URL", None)
    run = {"env": environment, "cwd": ROOT}
    subprocess.run([sys.executable, "-c", SET_UP], check=True, stdout=subprocess.DEVNULL, **run)
    web = [sys.executable, "-m", "granian", "--interface", "wsgi", "photolib.wsgi:application"]
    web += ["--host", "127.0.0.1", "--port", str(port), "--workers", str(workers)]
    web += ["--blocking-threads", "32", "--workers-kill-timeout", "5", "--log-level", "error"]
    worker = [sys.executable, "manage.py", "db_worker", "--interval", "0.25", "--no-reload"]
    started = [subprocess.Popen(command, **run) for command in (web, worker)]
    try:
        _wait_for(port)
        yield port, started[0].pid
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.wait(timeout=30)
        shutil.rmtree(data, ignore_errors=True)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def _wait_for(port: int) -> None:
    for _ in range(300):
        try:
            if _get(port, "/up/")[0] == 200:
                return
        except OSError:
            pass
        time.sleep(0.1)
    raise SystemExit("The server did not start.")


# --- Asking -----------------------------------------------------------------------------------


def _get(port: int, path: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", path)
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, content


def _upload(port: int, content: bytes, **params: str) -> dict[str, Any]:
    """Upload as client libraries do: signed, in a form of several parts."""
    params["timestamp"] = str(int(time.time()))
    to_sign = "&".join(f"{name}={value}" for name, value in sorted(params.items()))
    params["signature"] = hashlib.sha256((to_sign + SECRET).encode()).hexdigest()
    params["api_key"] = KEY
    boundary, body = uuid.uuid4().hex, BytesIO()
    for name, value in params.items():
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'
        body.write(f"{head}{value}\r\n".encode())
    head = 'Content-Disposition: form-data; name="file"; filename="photo.jpg"\r\n\r\n'
    body.write(f"--{boundary}\r\n{head}".encode() + content + f"\r\n--{boundary}--\r\n".encode())
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    connection.request("POST", f"/v1_1/{CLOUD}/image/upload", body.getvalue(), headers)
    told: dict[str, Any] = json.loads(connection.getresponse().read())
    connection.close()
    if "error" in told:
        raise SystemExit(f"An upload was refused: {told['error']['message']}")
    return told


def _photo(size: tuple[int, int], seed: int) -> bytes:
    """Return a JPEG with as much in it as a photo has."""
    noise = Image.effect_noise((size[0] // 8, size[1] // 8), 60 + seed % 40).resize(size)
    ramp = Image.linear_gradient("L").resize(size)
    image = Image.merge("RGB", [noise, ramp, ImageOps.invert(noise).rotate(seed)])
    content = BytesIO()
    image.save(content, "JPEG", quality=88)
    return content.getvalue()


# --- Fresh pictures ---------------------------------------------------------------------------


def _fresh(port: int, photos: int) -> None:
    ours, bare = [], []
    for seed in range(photos):
        content = _photo(LARGE, seed)
        _upload(port, content, public_id=f"large{seed}")
        started = time.perf_counter()
        status, _ = _get(port, f"/{CLOUD}/image/upload/{TRANSFORMATION}/v1/large{seed}.jpg")
        ours.append(time.perf_counter() - started)
        assert status == 200, status
        bare.append(_bare(content))
    ratio = median(one / other for one, other in zip(ours, bare, strict=True))
    print(f"fresh picture, {LARGE[0]} × {LARGE[1]} to 400 × 300: {median(ours) * 1000:.0f} ms")
    print(f"  to Pillow alone  {ratio:.2f}")


def _bare(content: bytes) -> float:
    """Return how long Pillow takes for the same, decoding at reduced scale, in seconds."""
    started = time.perf_counter()
    with Image.open(BytesIO(content)) as image:
        image.draft("RGB", (600, 400))
        made = ImageOps.fit(image.convert("RGB"), (400, 300), Image.Resampling.LANCZOS)
        made.save(BytesIO(), "JPEG", quality=80)
    return time.perf_counter() - started


# --- Stored pictures --------------------------------------------------------------------------


def _stored(port: int, server: int, asked: argparse.Namespace) -> None:
    path = f"/{CLOUD}/image/upload/{TRANSFORMATION}/v1/large0.jpg"
    processes = min(2, asked.clients)
    each = max(1, asked.clients // processes)
    for what, one in (("a stored picture", path), ("nothing but /up/", "/up/")):
        before_s = _processor_s(server)
        with multiprocessing.Pool(processes) as pool:
            jobs = [(port, one, each, asked.seconds)] * processes
            seen = [t for times in pool.starmap(_ask_again_and_again, jobs) for t in times]
        spent_s = _processor_s(server) - before_s
        seen.sort()
        print(f"{what}, {processes * each} clients, {asked.server_workers} server processes")
        print(f"  requests a second  {len(seen) / asked.seconds:.0f}")
        print(f"  of the processor, ms a request  {spent_s / len(seen) * 1000:.2f}")
        p95 = seen[int(len(seen) * 0.95)]
        print(f"  first byte, ms     {median(seen) * 1000:.1f} median, {p95 * 1000:.1f} of 95 %")
    alone = sorted(_ask_again_and_again(port, path, 1, min(asked.seconds, 3)))
    p95 = alone[int(len(alone) * 0.95)]
    print("one client alone")
    print(f"  first byte, ms     {median(alone) * 1000:.1f} median, {p95 * 1000:.1f} of 95 %")


def _processor_s(server: int) -> float:
    """Return the processor's time that a server's processes have had, in seconds; on Linux.

    Unlike requests a second, it hardly depends on what else the machine does.
    """
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:  # it ended meanwhile
            continue
        if server in (int(fields[1]), int(stat.parent.name)):
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def _ask_again_and_again(port: int, path: str, clients: int, seconds: float) -> list[float]:
    """Return the times to the first byte, in seconds, that clients of one process saw."""
    with ThreadPoolExecutor(clients) as pool:
        return [t for times in pool.map(_ask, *zip(*[(port, path, seconds)] * clients, strict=True))
                for t in times]  # fmt: skip


def _ask(port: int, path: str, seconds: float) -> list[float]:
    """Ask over one connection that stays open, with as little work as can be."""
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode()
    seen, ends_at = [], time.perf_counter() + seconds
    with socket.create_connection(("127.0.0.1", port)) as connection:
        while (started := time.perf_counter()) < ends_at:
            connection.sendall(request)
            head = connection.recv(65_536)
            seen.append(time.perf_counter() - started)
            assert head.startswith(b"HTTP/1.1 200"), head[:100]
            while b"\r\n\r\n" not in head:
                head += connection.recv(65_536)
            headers, _, body = head.partition(b"\r\n\r\n")
            length = int(headers.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            left = length - len(body)
            while left > 0:
                left -= len(connection.recv(65_536))
    return seen


# --- Uploads ----------------------------------------------------------------------------------


def _uploads(port: int, asked: argparse.Namespace) -> None:
    tagged = {"categorization": "imagga_tagging", "auto_tagging": "0.5"}
    count, rates = asked.photos * 4, []
    for what, params in (("without tagging", {}), ("with tagging", tagged)):
        contents = [_photo(SMALL, seed) for seed in range(count)]
        _upload(port, contents[0], **params)  # load the model before the clock starts
        started = time.perf_counter()
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda content, p=params: _upload(port, content, **p), contents))
        rates.append(count / (time.perf_counter() - started))
        print(f"uploads of {SMALL[0]} × {SMALL[1]} a second, {what}: {rates[-1]:.1f}")
    print(f"  with / without  {rates[1] / rates[0]:.2f}")


if __name__ == "__main__":
    main()
