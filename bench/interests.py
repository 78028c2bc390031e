"""Interests in a large library: how quick, how right and how large, beside exact computations.

    python bench/interests.py [--photos 10000] [--database URL] [--keep FOLDER] [--questions 100]
                              [--only PART ...]

Fills the database with a made-up library and people with planted interests, one for ten photos (see
`synthetic.py` and `community.py`), or goes on with one that is there. Works out all interests as
`manage.py rebuild_interests` does, and asks as members do. Each part runs in a process of its own:

- fill: the library, and what housekeeping counts of it
- rebuild: all profiles anew, and the index of people
- exact: what is found beside what looking at everything finds (`every_photo.py`,
  `every_person.py`), how long that takes, and how long one SQL statement does that one would write
  first: photos by the sum of what is liked on them, people by the number of tags they share
- ask: the data of each page, whole pages through Django, and the memory of a process that did that
- act: what an act costs in the request, beside writing the bare row, and its task afterwards

Questions are of people drawn by chance who have their interests on, three public photos at least.
Figures are the median and the 95th percentile; those that miss their targets are **bold**.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import community
import numpy as np
import synthetic

if TYPE_CHECKING:
    from gallery.models import Photo, User

PARTS = ("fill", "rebuild", "exact", "ask", "act")
PER_PERSON, FIRST, SLOW_QUESTIONS = 10, 20, 5
#: The targets: milliseconds of a page's data and of an act in the request, share found, and MB.
DATA_MS, ACT_MS, RECALL, MEMORY_MB = 50.0, 5.0, 0.95, 200.0


def main() -> None:
    asked = _arguments()
    if asked.part:
        os.environ["PHOTOLIB_DATA_DIR"] = str(asked.keep)
        synthetic.set_up(asked.database)
        _WORK[asked.part](asked)
        return
    with tempfile.TemporaryDirectory(prefix="photolib-bench-") as folder:
        keep = asked.keep or Path(folder)
        keep.mkdir(parents=True, exist_ok=True)
        for part in PARTS:
            if part in asked.only:
                again = [sys.executable, __file__, *sys.argv[1:], "--part", part]
                again += ["--keep", str(keep), "--database", asked.database]
                subprocess.run(again, check=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=int, help="default: what is there, or 10000")
    parser.add_argument("--database", metavar="URL", help="default: an SQLite file below var/")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="a folder to keep indexes in")
    parser.add_argument("--questions", type=int, default=100)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--part", choices=PARTS, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if not asked.database:
        folder = synthetic.ROOT / "var" / "bench"
        folder.mkdir(parents=True, exist_ok=True)
        asked.database = f"sqlite:///{folder / f'{asked.photos or 10_000}-people.sqlite3'}"
    return asked


# --- Filling ----------------------------------------------------------------------------------


def _fill(asked: argparse.Namespace) -> None:
    from django.db import connection

    from gallery.interests.popular import note_popular
    from gallery.models import Favourite, Photo, User
    from gallery.tags import note_counts

    wanted = asked.photos or Photo.objects.count() or 10_000
    if Photo.objects.count() < wanted:
        synthetic.build(wanted)
    community.settle(wanted // PER_PERSON)
    print(
        f"{Photo.objects.count():,} photos, {User.objects.count():,} people, "
        f"{Favourite.objects.count():,} favourites, {connection.vendor}, "
        f"{synthetic.total_bytes() / 1e6:,.0f} MB"
    )
    _tell("counts of tags", f"{_seconds(note_counts):.1f} s")
    _tell("popular photos", f"{_seconds(note_popular):.1f} s")
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")


# --- Rebuilding -------------------------------------------------------------------------------


def _rebuild(asked: argparse.Namespace) -> None:
    from gallery.interests import profiles
    from gallery.models import Profile

    before, reported = _memory("VmHWM"), [time.perf_counter()]
    count = profiles.rebuild(report=lambda count: reported.append(time.perf_counter()))
    took_s = reported[-1] - reported[0]
    _tell("all interests rebuilt in", f"{took_s:.0f} s, {count / took_s:,.0f} people a second")
    _tell("the slowest batch took", f"{max(np.diff(reported)):.1f} s")
    _tell("rebuilding takes memory", f"{_memory('VmHWM') - before:.0f} MB")
    sizes = np.array(
        [len(one) for (one,) in Profile.objects.values_list("evidence").iterator(2000)]
    )
    kept = f"{sizes.mean():.0f} bytes a person, {sizes.sum() / 1e6:.1f} MB"
    _tell("evidence", kept)
    _rebuild_index()


def _rebuild_index() -> None:
    from gallery.interests import people
    from gallery.vectors import refresh_indexes

    before = _memory("VmHWM")
    seconds = _seconds(lambda: refresh_indexes(people.spaces(), anew=True))
    _tell("index of people made in", f"{seconds:.1f} s")
    _tell("making it takes memory", f"{_memory('VmHWM') - before:.0f} MB")
    data = Path(os.environ["PHOTOLIB_DATA_DIR"])
    size = sum(path.stat().st_size for path in data.rglob("*") if path.is_file())
    _tell("size of the index", f"{size / 1e6:.1f} MB")
    _tell(
        "a round without work", f"{1e3 * _seconds(lambda: refresh_indexes(people.spaces())):.1f} ms"
    )


# --- Asking whom ------------------------------------------------------------------------------


def _members(count: int) -> list[User]:
    """Return so many people by chance of whom something is known."""
    from gallery.interests.people import MIN_PHOTOS
    from gallery.models import Profile, User

    rows = Profile.objects.filter(is_on=True, public_photos__gte=MIN_PHOTOS).order_by("pk")
    keys = rows.values_list("pk", flat=True)
    chosen = np.random.default_rng(1).choice(keys, min(count, len(keys)), replace=False)
    people = User.objects.in_bulk(chosen.tolist())
    return [people[key] for key in chosen.tolist()]


# --- Beside the exact -------------------------------------------------------------------------


def _exact(asked: argparse.Namespace) -> None:
    members = _members(asked.questions)
    _print_head(
        "beside looking at everything",
        "ours",
        "everything",
        "ratio",
        "one SQL statement",
        f"recall@{FIRST}, mean",
        "least",
    )
    _exact_photos(members)
    _exact_people(members)


def _exact_photos(members: Sequence[User]) -> None:
    from django.utils import timezone
    from every_photo import EveryPhoto, order_of, wanted_for

    from gallery.interests.candidates import gathered
    from gallery.interests.variety import Group

    every, now = EveryPhoto(), timezone.now()
    ours, exact, found, best = [], [], [], []
    for person in members:
        wanted = wanted_for(person, now)
        if not wanted.taste.likes:
            continue
        with _timing(ours):
            pool = gathered(wanted)
        shares = wanted.taste.shares
        groups = [Group(some, share=shares.get(tag, 0.0)) for tag, some in pool.liked.items()]
        with _timing(exact):
            all_groups = every.groups(wanted)
        right = [one.photo for one in order_of(all_groups)[:FIRST]]
        found.append(_found(right, [one.photo for one in order_of(groups)[:FIRST]]))
        there = [one.photo for some in pool.liked.values() for one in some]
        best.append(_found(every.best(wanted, FIRST), there))
    naive = [_seconds(partial(_photos_by_sum, person)) for person in members[:SLOW_QUESTIONS]]
    _print_exact("for you: the first of a deck", ours, exact, naive, found)
    _print_exact(
        "for you: the photos worth most are among those looked at", ours, exact, naive, best
    )


def _exact_people(members: Sequence[User]) -> None:
    from every_person import EveryPerson

    from gallery.interests.people import people_like

    every = EveryPerson()
    ours, exact, found = [], [], []
    for person in members:
        with _timing(ours):
            matches = people_like(person, limit=FIRST)
        with _timing(exact):
            every.similarities(person)
        right = every.like(person, FIRST)
        found.append(_found(right, [match.person.pk for match in matches]))
    naive = [_seconds(partial(_people_by_tags, person)) for person in members[:SLOW_QUESTIONS]]
    _print_exact(f"people like you, of {len(every.people):,}", ours, exact, naive, found)


def _found(right: Sequence[int], ours: Sequence[int]) -> float:
    return len(set(right) & set(ours)) / len(right) if right else 1.0


def _photos_by_sum(person: User) -> list[Any]:
    """Photos by the sum of what is liked on them, in the statement one would write first."""
    from django.db.models import Case, F, FloatField, Sum, Value, When

    from gallery.interests.weighing import weights_of
    from gallery.models import PhotoTag

    weights = weights_of(person)
    worth = Case(
        *(When(tag=tag, then=Value(one)) for tag, one in weights.items()),
        output_field=FloatField(),
    )
    rows = PhotoTag.objects.shown().filter(tag__in=weights, photo__visibility="public")
    summed = rows.exclude(photo__owner=person).order_by().values("photo")
    return list(summed.annotate(sum=Sum(worth * F("confidence"))).order_by("-sum")[:FIRST])


def _people_by_tags(person: User) -> list[Any]:
    """People by the number of tags they share, in the statement one would write first."""
    from django.db.models import Count

    from gallery.interests.weighing import weights_of
    from gallery.models import PhotoTag

    rows = PhotoTag.objects.shown().filter(tag__in=weights_of(person), photo__visibility="public")
    listed = rows.filter(photo__owner__profile__is_listed=True).exclude(photo__owner=person)
    counted = listed.order_by().values("photo__owner").annotate(n=Count("tag", distinct=True))
    return list(counted.order_by("-n", "photo__owner")[:FIRST])


def _print_head(*names: str) -> None:
    print(f"\n| {' | '.join(names)} |\n{'|---' * len(names)}|")


def _print_exact(
    what: str, ours: Sequence[float], exact: Sequence[float], naive: Sequence[float],
    found: Sequence[float],
) -> None:  # fmt: skip
    ratio = float(np.median(exact) / np.median(ours))
    cells = [
        what,
        _marked(_times(ours), np.percentile(ours, 95) * 1e3 > DATA_MS),
        _times(exact),
        f"1/{ratio:.0f}" if ratio >= 1.5 else f"{1 / ratio:.1f}",
        _times(naive),
        _marked(f"{np.mean(found):.3f}", np.mean(found) < RECALL),
        f"{min(found):.2f}",
    ]
    print(f"| {' | '.join(cells)} |", flush=True)


# --- Asking -----------------------------------------------------------------------------------


def _ask(asked: argparse.Namespace) -> None:
    members = _members(asked.questions)
    client, pages = _client(), _pages(members)
    client.get(pages["a photo"][0])
    whole, own = _memory("VmRSS"), _memory("RssAnon")
    _print_head("data of a page", "milliseconds", "statements")
    for what, work in _data().items():
        sent, seconds = _asked(work, members)
        print(
            f"| {what} | {_marked(_times(seconds), _p95(seconds) > DATA_MS)} | {sent} |", flush=True
        )
    _print_head("whole page through Django", "milliseconds", "statements")
    for what, addresses in pages.items():
        sent, seconds = _asked(partial(_visit, client), list(zip(members, addresses, strict=True)))
        print(f"| {what} | {_times(seconds)} | {sent} |", flush=True)
    grown, mine = _memory("VmRSS") - whole, _memory("RssAnon")
    _tell(
        "\nall that takes memory",
        f"{grown:.0f} MB with what is mapped, {mine - own:.0f} MB without;",
    )
    _tell("", f"{_marked(f'{mine:.0f} MB', mine > MEMORY_MB)} in all without")


def _data() -> dict[str, Callable[[User], object]]:
    from gallery.interests.choosing import choose_popular
    from gallery.interests.for_you import for_you
    from gallery.interests.people import people_like
    from gallery.interests.picking import tags_to_pick
    from gallery.interests.showcase import photos_of
    from gallery.interests.weighing import interests_of

    def people_with_photos(person: User) -> object:
        matches = {match.person: match.shared for match in people_like(person)}
        return photos_of(matches, viewer=person)

    return {
        "for you: choosing a deck, and its first page": partial(for_you, fresh=True),
        "for you: a page of a deck": partial(for_you, page=2),
        "for you: popular photos, for newcomers": choose_popular,
        "for you: interests to pick": tags_to_pick,
        f"people like you: {FIRST}": partial(people_like, limit=FIRST),
        "people like you, with their photos": people_with_photos,
        "interests": interests_of,
    }


def _pages(members: Sequence[User]) -> dict[str, list[str]]:
    from django.urls import reverse

    from gallery.models import Photo

    photos = Photo.objects.public().newest_first()[: len(members)]
    some = [reverse("gallery:photo-detail", args=[photo.public_id]) for photo in photos]
    people = [reverse("gallery:person-detail", args=[one.username]) for one in members]
    names = ("for-you", "people-like", "interest-list", "following-list")
    pages = {name.replace("-", " "): [reverse(f"gallery:{name}")] * len(members) for name in names}
    return pages | {"a person": people[1:] + people[:1], "a photo": some}


def _client() -> Any:
    from django.core.management import call_command
    from django.test import Client

    call_command("collectstatic", verbosity=0, interactive=False)
    return Client(headers={"host": "localhost"})


def _visit(client: Any, visit: tuple[User, str]) -> None:
    person, address = visit
    if client.session.get("_auth_user_id") != str(person.pk):
        client.force_login(person)
    answer = client.get(address)
    assert answer.status_code == 200, f"{address}: {answer.status_code}"


def _asked(work: Callable[[Any], object], whom: Sequence[Any]) -> tuple[int, list[float]]:
    """Return how many statements one takes at most, and seconds of each."""
    most, seconds = 0, []
    for one in whom[:3]:
        with _counting() as sent:
            work(one)
        most = max(most, len(sent))
    for one in whom:
        with _timing(seconds):
            work(one)
    return most, seconds


@contextmanager
def _counting() -> Iterator[list[str]]:
    from django.db import connection

    sent: list[str] = []

    def note(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        sent.append(sql)
        return execute(sql, *rest)

    with connection.execute_wrapper(note):
        yield sent


# --- Acts -------------------------------------------------------------------------------------


def _act(asked: argparse.Namespace) -> None:
    from django.db.models.signals import post_save

    members = _members(asked.questions)
    photos = _strangers_photos(members)
    _print_head("an act in the request", "all it does", "the bare row", "more, median", "more, p95")
    _compare("favourite", _favourite, _bare_favourite, members, photos)
    _compare("opening a photo", _open, _bare_opening, members, photos)
    _compare("follow", _follow, _bare_follow, members, photos)
    _compare("hiding a photo and showing it again", _hide, _bare_hide, members, photos)
    _compare("confirming a tag", _confirm, _bare_confirm, members, photos)
    _print_head("afterwards, in a task", "milliseconds")
    _report_tasks(members)
    assert post_save.receivers, "the signals are connected"
    _clear()


def _strangers_photos(members: Sequence[User]) -> list[Photo]:
    """Return a public photo by chance for each member, of somebody else, and not liked yet."""
    from gallery.models import Favourite, Opening, Photo

    keys = np.array(Photo.objects.public().order_by("pk").values_list("pk", flat=True), np.int64)
    drawn = np.random.default_rng(2).choice(keys, 2 * len(members), replace=False).tolist()
    chosen = []
    for person in members:
        for key in list(drawn):
            photo = Photo.objects.select_related("owner").get(pk=key)
            seen = Favourite.objects.filter(person=person, photo=key).exists()
            seen = seen or Opening.objects.filter(person=person, photo=key).exists()
            drawn.remove(key)
            if not seen and photo.owner_id != person.pk:
                chosen.append(photo)
                break
    return chosen


def _compare(
    what: str, ours: Callable[..., object], bare: Callable[..., object],
    members: Sequence[User], photos: Sequence[Photo],
) -> None:  # fmt: skip
    """Do an act in both ways, in turns; each has to leave everything as it was."""
    from gallery.models import Profile

    with_all, alone = [], []
    for at, (person, photo) in enumerate(zip(members, photos, strict=False)):
        Profile.objects.filter(changed_at__isnull=False).update(changed_at=None)
        for way, seconds in ((ours, with_all), (bare, alone))[:: 1 if at % 2 else -1]:
            seconds.append(way(person, photo))
    more = np.array(with_all) - np.median(alone)
    late = float(np.percentile(more, 95) * 1e3)
    cells = [what, _times(with_all), _times(alone), f"{np.median(more) * 1e3:.1f}"]
    print(f"| {' | '.join(cells)} | {_marked(f'{late:.1f}', late > ACT_MS)} |", flush=True)


def _favourite(person: User, photo: Photo) -> float:
    from gallery.models import Favourite

    liked = Favourite(person=person, photo=photo)
    seconds = _seconds(liked.save)
    _gone(liked)
    return seconds


def _bare_favourite(person: User, photo: Photo) -> float:
    from gallery.models import Favourite

    return _bare(Favourite(person=person, photo=photo))


def _open(person: User, photo: Photo) -> float:
    from gallery.interests.profiles import note_opening
    from gallery.models import Opening

    seconds = _seconds(lambda: note_opening(person, photo))
    _gone(*Opening.objects.filter(person=person, photo=photo))
    return seconds


def _bare_opening(person: User, photo: Photo) -> float:
    from gallery.models import Opening

    return _bare(Opening(person=person, photo=photo))


def _follow(person: User, photo: Photo) -> float:
    from gallery.following import follow
    from gallery.models import Follow

    there = Follow.objects.filter(person=person, followed=photo.owner)
    _gone(*there)
    seconds = _seconds(lambda: follow(person, photo.owner))
    _gone(*there.all())
    return seconds


def _bare_follow(person: User, photo: Photo) -> float:
    from gallery.models import Follow

    _gone(*Follow.objects.filter(person=person, followed=photo.owner))
    return _bare(Follow(person=person, followed=photo.owner))


def _hide(person: User, photo: Photo) -> float:
    def change() -> None:
        photo.save(update_fields=["visibility"])

    photo.visibility = "private"
    seconds = _seconds(change)
    photo.visibility = "public"
    change()
    return seconds


def _bare_hide(person: User, photo: Photo) -> float:
    from gallery.models import Photo

    mine = Photo.objects.filter(pk=photo.pk)
    seconds = _seconds(lambda: mine.update(visibility="private"))
    mine.update(visibility="public")
    return seconds


def _confirm(person: User, photo: Photo) -> float:
    """Change a tag as verbs do: hold the tags of the photo, and write."""
    from django.db import transaction

    from gallery.tagging.settling import hold_tags

    def change() -> None:
        with transaction.atomic():
            hold_tags([photo.pk])
            photo.photo_tags.filter(state="assigned").update(state="assigned")

    return _seconds(change)


def _bare_confirm(person: User, photo: Photo) -> float:
    from django.db import transaction

    def change() -> None:
        with transaction.atomic():
            photo.photo_tags.filter(state="assigned").update(state="assigned")

    return _seconds(change)


def _bare(row: Any) -> float:
    seconds = _seconds(lambda: type(row).objects.bulk_create([row]))
    _gone(row)
    return seconds


def _gone(*rows: Any) -> None:
    """Delete rows without telling anybody."""
    for row in rows:
        type(row).objects.filter(pk=row.pk)._raw_delete("default")


def _report_tasks(members: Sequence[User]) -> None:
    from django.db.models import Count

    from gallery.interests import profiles
    from gallery.models import User

    seconds = [_seconds(partial(profiles.refresh, person.pk)) for person in members]
    print(f"| counting one person's interests anew | {_times(seconds)} |")
    most = User.objects.annotate(n=Count("photos")).order_by("-n").values_list("pk", flat=True)[:5]
    seconds = [_seconds(partial(profiles.refresh, person)) for person in list(most)]
    print(f"| of those with most photos | {_times(seconds)} |")


def _clear() -> None:
    """Take away the tasks that were set going."""
    from django_tasks_db.models import DBTaskResult

    from gallery.models import Profile

    Profile.objects.filter(changed_at__isnull=False).update(changed_at=None)
    DBTaskResult.objects.all().delete()


# --- Measuring --------------------------------------------------------------------------------


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


@contextmanager
def _timing(seconds: list[float]) -> Iterator[None]:
    started = time.perf_counter()
    yield
    seconds.append(time.perf_counter() - started)


def _times(seconds: Sequence[float]) -> str:
    """Return the median and the 95th percentile in milliseconds."""
    if not seconds:
        return ""
    return f"{np.median(seconds) * 1e3:.1f} / {_p95(seconds):.1f}"


def _p95(seconds: Iterable[float]) -> float:
    return float(np.percentile(list(seconds), 95) * 1e3)


def _marked(text: str, is_missed: Any) -> str:
    return f"**{text}**" if is_missed else text


def _memory(name: str) -> float:
    """Return what the system says of this process's memory, in MB."""
    found = re.search(rf"{name}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(found[1]) / 1024 if found else 0.0


def _tell(what: str, value: str) -> None:
    print(f"  {what:<36}{value}", flush=True)


_WORK = {"fill": _fill, "rebuild": _rebuild, "exact": _exact, "ask": _ask, "act": _act}

if __name__ == "__main__":
    main()
