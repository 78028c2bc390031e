import io
import tarfile
import zipfile
from collections.abc import Iterator

import pytest

from gallery.assets.packing import Entry, Names, packed


def entries(*contents: tuple[str, bytes]) -> Iterator[Entry]:
    for name, content in contents:
        yield Entry(name, io.BytesIO(content), len(content))


@pytest.mark.parametrize("sizes", [(), (0,), (1, 511, 512, 513), (300_000, 5)])
def test_both_formats_hold_what_was_put_in(sizes: tuple[int, ...]) -> None:
    files = {f"a/ü{size}.bin": bytes([size % 251]) * size for size in sizes}
    content = io.BytesIO(b"".join(packed(entries(*files.items()), "zip")))
    with zipfile.ZipFile(content) as unzipped:
        assert unzipped.testzip() is None
        assert {name: unzipped.read(name) for name in unzipped.namelist()} == files
    content = io.BytesIO(b"".join(packed(entries(*files.items()), "tgz")))
    with tarfile.open(fileobj=content, mode="r:gz") as untarred:
        names = untarred.getnames()
        assert names == list(files)
        found = [untarred.extractfile(name) for name in names]
        assert [file.read() for file in found if file] == list(files.values())


@pytest.mark.parametrize("format", ["zip", "tgz"])
def test_a_file_that_shrank_breaks_the_archive_off(format: str) -> None:
    short = [Entry("a", io.BytesIO(b"12"), 3)]
    with pytest.raises(EOFError):
        list(packed(short, format))


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd", "etc/passwd"),
        ("/abs/olute", "abs/olute"),
        ("a//b", "a/b"),
        ("C:\\windows", "C__windows"),
        ("a\0\nb?.jpg", "a__b_.jpg"),
        ("...", "file"),
        ("", "file"),
        (" a. /b", "a/b"),
        ("Größe/字.png", "Größe/字.png"),
    ],
)
def test_names_lead_nowhere_but_down(name: str, safe: str) -> None:
    assert Names().free(name) == safe


def test_no_two_files_have_one_name() -> None:
    names = Names()
    taken = [names.free(name) for name in ("a.jpg", "A.jpg", "a (2).jpg", "a.jpg", "b/a.jpg")]
    assert len({name.casefold() for name in taken}) == 5
