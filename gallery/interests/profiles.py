"""Keeps what is known of people's interests: counted anew when somebody did something."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Count, Exists, F, OuterRef
from django.utils import timezone

from ..models import Favourite, Follow, Opening, Photo, Profile, User
from ..search.conditions import among
from . import reading
from .doing import HALF_LIFE, Act
from .hierarchy import hierarchy

if TYPE_CHECKING:
    from .evidence import Gathered

BATCH = 500
#: A change whose doorbell got lost is counted after so long.
LOST_AFTER = timedelta(minutes=2)
#: A profile that nothing has happened to is counted anew so often: thresholds move whole libraries
#: without telling anybody.
AGED_AFTER = timedelta(days=7)
#: After so many half-lives of an opening, a sixty-fourth of it is left.
KEEP_OPENINGS = 6 * HALF_LIFE[Act.OPENING]
ROUND_S = 15.0
ROUND_BATCH, MOST_LOST = 50, 2000


# --- Something happened -----------------------------------------------------------------------


def note_change(people: Collection[int]) -> list[int]:
    """Note that what people like has to be worked out anew; return those to ring for."""
    return Profile.objects.note_change(sorted(set(people)))


def concerned_by(photo_ids: Collection[int], *, most: int | None = None) -> set[int]:
    """Return the people whose interests have to do with these photos, so many. One query."""
    about = among("photo_id", list(photo_ids))
    owners = Photo.objects.filter(pk__in=photo_ids)
    since = owners.filter(owner=OuterRef("followed"), created_at__lte=OuterRef("created_at"))
    who = (
        owners.order_by().values_list("owner_id"),
        Favourite.objects.filter(about).order_by().values_list("person_id"),
        Opening.objects.filter(about).order_by().values_list("person_id"),
        Follow.objects.filter(Exists(since), followed__in=owners.values("owner"))
        .order_by()
        .values_list("person_id"),
    )
    return {person for (person,) in who[0].union(*who[1:])[:most]}


def owners_of(photo_ids: Collection[int]) -> set[int]:
    return set(Photo.objects.filter(pk__in=photo_ids).values_list("owner_id", flat=True))


def note_opening(person: User, photo: Photo) -> bool:
    """Note that a person looked at somebody else's photo; False where nothing is to be kept."""
    if photo.owner_id == person.pk:
        return False
    if Profile.objects.filter(pk=person.pk, is_on=False).exists():
        return False
    opening, is_first = Opening.objects.get_or_create(person=person, photo=photo)
    if not is_first:
        opening.opened_at, opening.times = timezone.now(), F("times") + 1
        opening.save(update_fields=["opened_at", "times"])
    return True


def forget_old_openings() -> int:
    """Delete openings of which hardly anything is left; return how many."""
    old = Opening.objects.filter(opened_at__lt=timezone.now() - KEEP_OPENINGS)
    return old._raw_delete(old.db)


# --- Adding it up -----------------------------------------------------------------------------


def refresh(person_id: int) -> bool:
    """Count all that a person did; False when they did more meanwhile, which is still to count."""
    seen = Profile.objects.filter(pk=person_id).values_list("changed_at", flat=True).first()
    _store([person_id])
    done = Profile.objects.filter(pk=person_id, changed_at=seen).update(changed_at=None)
    return done == 1 or seen is None


def rebuild(*, report: Callable[[int], object] = lambda count: None) -> int:
    """Count all that everybody did, some hundred people at a time; return how many people.

    Each profile is replaced as a whole, and the others serve meanwhile.
    """
    count = 0
    people = User.objects.order_by("pk").values_list("pk", flat=True)
    some = list(people[:BATCH])
    while some:
        started = timezone.now()
        _store(some)
        Profile.objects.filter(pk__in=some, changed_at__lte=started).update(changed_at=None)
        count += len(some)
        report(len(some))
        some = list(people.filter(pk__gt=some[-1])[:BATCH])
    return count


def sweep(*, seconds: float = ROUND_S) -> int:
    """Count for those whose doorbell got lost, and for profiles that have aged; a while at most."""
    until, count, now = time.monotonic() + seconds, 0, timezone.now()
    lost = Profile.objects.filter(changed_at__lt=now - LOST_AFTER).order_by("changed_at")
    for person in lost.values_list("pk", flat=True)[:MOST_LOST]:
        refresh(person)
        count += 1
        if time.monotonic() > until:
            return count
    aged = Profile.objects.filter(is_on=True, as_of__lt=now - AGED_AFTER).order_by("pk")
    if some := list(aged.values_list("pk", flat=True)[:ROUND_BATCH]):
        _store(some)
    return count + len(some)


def _store(people: Collection[int]) -> None:
    """Count for some people and keep the outcome; who is switched off is left without any."""
    rows = Profile.objects.in_bulk(people)
    people = [one for one in people if one not in rows or rows[one].is_on]
    now = timezone.now()
    found = _gathered(people, as_of=now)
    counts = _public_counts(people)
    _keep([_profile(one, rows.get(one), found.get(one), now, counts) for one in people])


@transaction.atomic
def _keep(profiles: Collection[Profile]) -> None:
    """Store what was counted, but not of whom switched it off meanwhile."""
    rows = Profile.objects.select_for_update().filter(pk__in=[one.pk for one in profiles])
    off = {key for key, is_on in rows.values_list("pk", "is_on") if not is_on}
    Profile.objects.bulk_create(
        [profile for profile in profiles if profile.pk not in off],
        update_conflicts=True,
        unique_fields=["person"],
        update_fields=["evidence", "public_evidence", "public_photos", "as_of", "public_at"],
    )


def _public_counts(people: Collection[int]) -> dict[int, int]:
    public = Photo.objects.public().filter(owner__in=people).order_by()
    return dict(public.values_list("owner").annotate(n=Count("pk")))


def _profile(
    person: int,
    present: Profile | None,
    found: Gathered | None,
    now: datetime,
    counts: Mapping[int, int],
) -> Profile:
    """Return the row of a person; others have to match it anew only if that has changed."""
    evidence = found.evidence.tobytes() if found else b""
    public = found.public.tobytes() if found else b""
    is_same = present is not None and bytes(present.public_evidence) == public
    return Profile(
        person_id=person,
        evidence=evidence,
        public_evidence=public,
        public_photos=counts.get(person, 0),
        as_of=now,
        public_at=present.public_at if present and is_same else now,
    )


def _gathered(people: Collection[int], *, as_of: datetime) -> dict[int, Gathered]:
    from . import evidence  # a web process that never counts does without

    acts = reading.acts_of(people)
    known = hierarchy()
    vectors = evidence.vectors_of(reading.assigned_to(set(acts.photos.tolist())), known)
    return evidence.gather(
        acts,
        vectors,
        as_of=as_of,
        removed=reading.removed_by(people),
        hidden=_hidden(people),
    )


def _hidden(people: Collection[int]) -> frozenset[tuple[int, int]]:
    known = hierarchy()
    return frozenset(
        (person, kind)
        for person, tag in reading.muted_by(people)
        for kind in known.kinds_of(frozenset([tag]))
    )
