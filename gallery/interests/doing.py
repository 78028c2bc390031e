"""What people do with photos that tells what they like, what each is worth, and for how long."""

from __future__ import annotations

from datetime import timedelta
from enum import IntEnum


class Act(IntEnum):
    """What people do with photos, in the order of the columns of evidence."""

    UPLOAD = 0
    FAVOURITE = 1
    FOLLOW = 2
    OPENING = 3


#: What an act is worth; a follow is shared among `FOLLOWED_PHOTOS`.
WORTH = {Act.UPLOAD: 1.0, Act.FAVOURITE: 2.0, Act.FOLLOW: 3.0, Act.OPENING: 0.25}
HALF_LIFE = {
    Act.UPLOAD: timedelta(days=365),
    Act.FAVOURITE: timedelta(days=180),
    Act.FOLLOW: timedelta(days=365),
    Act.OPENING: timedelta(days=30),
}
#: Of somebody followed so many public photos count, the newest when the follow began.
FOLLOWED_PHOTOS = 10
