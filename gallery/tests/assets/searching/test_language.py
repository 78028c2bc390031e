import pytest

from gallery.assets.searching.language import (
    EVERYTHING,
    MAX_CHARS,
    MAX_DEPTH,
    MAX_TERMS,
    Asked,
    Every,
    MistakeError,
    Node,
    Opposite,
    Some,
    Span,
    Text,
    parse,
)


def shown(node: Node) -> str:
    """Write a tree so that nothing about it is in doubt."""
    match node:
        case Asked(field, operator, Text(text, is_prefix)):
            return f"{field}{operator}{text}{'*' if is_prefix else ''}"
        case Asked(field, operator, Span(low, high, has_low, has_high)):
            ends = "[" if has_low else "{", "]" if has_high else "}"
            stars = low.text or "*", high.text or "*"
            return f"{field}{operator}{ends[0]}{stars[0]} {stars[1]}{ends[1]}"
        case Opposite(part):
            return f"not {shown(part)}"
        case Every(parts):
            return f"({' & '.join(map(shown, parts))})"
        case Some(parts):
            return f"({' | '.join(map(shown, parts))})"
    raise AssertionError(node)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("tags=cat", "tags=cat"),
        ("cat dog", "(:cat & :dog)"),
        ("cat AND dog OR cow", "((:cat & :dog) | :cow)"),
        ("cat && dog || cow", "((:cat & :dog) | :cow)"),
        ("cat dog OR cow AND hen", "((:cat & :dog) | (:cow & :hen))"),
        ("NOT cat dog", "(not :cat & :dog)"),
        ("NOT (cat OR dog)", "not (:cat | :dog)"),
        ("-cat !dog +cow", "(not :cat & not :dog & :cow)"),
        ("!!cat", ":cat"),
        ("-tags", "not tags:*"),
        ("NOT tags", "not tags:*"),
        ("-tags:*", "not tags:*"),
        ("-context.alt", "not context.alt:*"),
        ("tags", ":tags"),
        ("tags:(a OR b)", "(tags:a | tags:b)"),
        ("tags=(a b -c)", "(tags=a & tags=b & not tags=c)"),
        ("tags:(a (b OR c))", "(tags:a & (tags:b | tags:c))"),
        ("bytes:([1 TO 5] OR 7)", "(bytes:[1 5] | bytes:7)"),
        ("public_id=a/b_c-d", "public_id=a/b_c-d"),
        ("public_id=a/*", "public_id=a/*"),
        ("tags=-x", "tags=-x"),
        ('tags="two words"', "tags=two words"),
        ('tags="two words"*', "tags=two words*"),
        (r'tags="a \"b\" \\"', r'tags=a "b" \ '.rstrip()),
        (r"tags=a\:b\ c\*", "tags=a:b c*"),
        ("bytes>=1.5mb", "bytes>=1.5mb"),
        ("width:[1 TO 5}", "width:[1 5}"),
        ("width:{* TO 5]", "width:{* 5]"),
        ("created_at>2024-05-01T10:00:00Z", "created_at>2024-05-01T10:00:00Z"),
        ("aspect_ratio=16:9", "aspect_ratio=16:9"),
        ("context.key1:5", "context.key1:5"),
        (r"context.my\ key=5", "context.my key=5"),
        ("tags = cat", "tags=cat"),
        ("tags:OR", "tags:OR"),
        ("*", ":*"),
        ("größe:5", "größe:5"),
    ],
)
def test_an_expression_is_read_as_meant(text: str, meant: str) -> None:
    assert shown(parse(text)) == meant


@pytest.mark.parametrize("text", ["", "   ", "\n\t"])
def test_nothing_asked_for_is_everything(text: str) -> None:
    assert parse(text) == EVERYTHING


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("tags:", 5),
        ("(cat", 4),
        ("cat)", 3),
        ('cat "dog', 4),
        ("cat OR", 6),
        ("cat OR OR dog", 7),
        ("AND", 0),
        ("a:b:c", 3),
        ("[1 TO 2]", 0),
        ("width:[1 TO", 11),
        ("width:[1 5]", 9),
        ("a~b", 1),
        ("ca*t", 2),
        ("*cat", 0),
        ("what?", 4),
        ("tags:()", 6),
        ("a\0b", 1),
        ("cat \\", 4),
    ],
)
def test_a_mistake_tells_where_it_is(text: str, position: int) -> None:
    with pytest.raises(MistakeError, match=f"at position {position}:") as caught:
        parse(text)
    assert caught.value.position == position


@pytest.mark.parametrize(
    "text",
    [
        "(" * (MAX_DEPTH + 1) + "a" + ")" * (MAX_DEPTH + 1),
        "a" * (MAX_CHARS + 1),
        "a " * (MAX_TERMS + 1),
        " ".join(f"t{number}" for number in range(100)),
        '"' + "a " * 1000 + '"',
        "tags:(" + " OR ".join("a" * (MAX_TERMS + 1)) + ")",
    ],
)
def test_too_much_is_refused(text: str) -> None:
    with pytest.raises(MistakeError):
        parse(text)


def test_signs_without_end_are_read_without_recursion() -> None:
    assert shown(parse("!" * 4001 + "a")) == "not :a"
