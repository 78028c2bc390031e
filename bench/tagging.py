"""Photos per second through ingest and tagging, as ratios to a bare decode-and-infer loop.

    python bench/tagging.py FOLDER [--photos 60] [--rounds 3]

FOLDER holds photos of any size. Each round runs, in processes of their own and on the same photos:
the bare loop (decode, then the model's session), the upload side (bytes in; renditions, placeholder
and perceptual hash stored) and the worker side (run claimed; suggestions, tags and features
stored). Rounds are interleaved, and the median of each is compared within this one run.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parent.parent
PARTS = ("bare", "upload", "worker")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--photos", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--part", choices=PARTS, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    files = sorted(path for path in asked.folder.iterdir() if path.is_file())[: asked.photos]
    if asked.part:
        print(json.dumps(_measure(asked.part, files)))
        return
    for threads in (1, 2):
        _compare(asked, threads)


def _compare(asked: argparse.Namespace, threads: int) -> None:
    seen: dict[str, list[dict[str, float]]] = {part: [] for part in PARTS}
    for _ in range(asked.rounds):
        data = tempfile.mkdtemp(prefix="photolib-bench-")
        for part in PARTS:
            seen[part].append(_child(asked, part, data, threads))
        shutil.rmtree(data)
    rate = {part: median(one["photos_per_s"] for one in seen[part]) for part in PARTS}
    peak = {part: max(one["peak_mb"] for one in seen[part]) for part in PARTS}
    whole = 1 / (1 / rate["upload"] + 1 / rate["worker"])
    print(f"{threads} thread(s), {asked.photos} photos, median of {asked.rounds} rounds")
    for part in PARTS:
        print(f"  {part:<8}{rate[part]:8.1f} photos/s  peak {peak[part]:5.0f} MB")
    print(f"  worker / bare   {rate['worker'] / rate['bare']:.2f}   (target: at least 0.7)")
    print(f"  all / bare      {whole / rate['bare']:.2f}")


def _child(asked: argparse.Namespace, part: str, data: str, threads: int) -> dict[str, float]:
    command = [sys.executable, __file__, str(asked.folder)]
    command += ["--photos", str(asked.photos), "--part", part]
    environment = os.environ | {
        "PHOTOLIB_DATA_DIR": data,
        "PHOTOLIB_TAGGER_THREADS": str(threads),
        "PHOTOLIB_MAX_UPLOAD_BYTES": "1000000000",
        "DJANGO_SETTINGS_MODULE": "photolib.settings",
        "PYTHONPATH": str(ROOT),
    }
    environment.pop("DATABASE_URL", None)
    done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return result


def _measure(part: str, files: list[Path]) -> dict[str, float]:
    import django

    django.setup()
    work = {"bare": _bare, "upload": _upload, "worker": _worker}[part](files)
    started = time.perf_counter()
    photos = work()
    seconds = time.perf_counter() - started
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"photos_per_s": photos / seconds, "peak_mb": peak_mb}


def _bare(files: list[Path]) -> Callable[[], int]:
    """Return what one would write by hand to try the model: decode, shrink, run."""
    import onnxruntime
    from PIL import Image

    from gallery.taggers import embedded

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = int(os.environ["PHOTOLIB_TAGGER_THREADS"])
    model = embedded.MODEL_DIR / f"{embedded.MODEL_NAME}.onnx"
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])

    def look(file: Path) -> None:
        with Image.open(file) as image:
            session.run(None, {"pixels": embedded.prepare(image.convert("RGB"))})

    def loop() -> int:
        for file in files:
            look(file)
        return len(files)

    look(files[0])  # allocate before the clock starts
    return loop


def _upload(files: list[Path]) -> Callable[[], int]:
    from django.core.files import File
    from django.core.management import call_command

    from gallery.ingest import add_photo
    from gallery.models import User

    call_command("migrate", verbosity=0)
    call_command("sync_vocabulary", verbosity=0)
    owner = User.objects.create_user("bench")

    def loop() -> int:
        for file in files:
            with file.open("rb") as opened:
                add_photo(owner=owner, file=File(opened, name=file.name))
        return len(files)

    return loop


def _worker(files: list[Path]) -> Callable[[], int]:
    from gallery import tagging
    from gallery.imaging.decode import decode
    from gallery.models import TaggingRun
    from gallery.taggers import get_tagger

    def loop() -> int:
        runs = list(TaggingRun.objects.select_related("photo"))
        for run in runs:
            tagging.perform(run)
        return len(runs)

    look = get_tagger("bundled").tag
    with files[0].open("rb") as opened:
        look(decode(opened).image)  # load the model before the clock starts, as in a worker's life
    return loop


if __name__ == "__main__":
    main()
