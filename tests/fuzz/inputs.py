"""What is made up: texts like those that programs write, and JSON like the program's own."""

import copy
import functools
import json
import os
from collections import Counter

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

# Every run takes the same ones; EXTRA_CONTAINER_FUZZ=N takes N of each kind, others each time.
LONG = int(os.environ.get("EXTRA_CONTAINER_FUZZ", "0"))
FEW = 40

done: Counter[str] = Counter()


def fuzzed(check=None, *, most=None):
    """Make a test of a check with ``given``: the same few inputs each time, or as many others as were asked for.

    ``most`` is how many there are at most where each takes long.
    """
    if check is None:
        return functools.partial(fuzzed, most=most)

    def counted(*args, _inner=check.hypothesis.inner_test, **kwargs):
        done[check.__name__] += 1
        return _inner(*args, **kwargs)

    check.hypothesis.inner_test = counted
    few = FEW // 4 if most else FEW
    count = min(LONG or few, most or LONG or few)
    return settings(
        max_examples=count, derandomize=not LONG, deadline=None, database=None, print_blob=True,
        suppress_health_check=list(HealthCheck),
    )(check)  # fmt: skip


# With what ends a line for some readers, what moves a terminal's cursor, and what stands for bytes that are no text.
CHARACTERS = st.one_of(
    st.characters(codec="utf-8"), st.sampled_from("\n\r\t\x1b\x85\u2028\x00\udc80\ud800 \"'\\$`=#;[]{}<>,.:/*-")
)
TEXT = st.text(CHARACTERS, max_size=60)
WORD = st.text(st.sampled_from("abcXYZ019-_.:/@%=\\\"' \t$"), max_size=20)
NUMBER = st.one_of(
    st.integers(-(2**70), 2**70), st.sampled_from([0, 1, -1, 2**31, 2**63, 10**25]), st.floats(allow_nan=True)
)
SCALAR = st.one_of(st.none(), st.booleans(), NUMBER, TEXT)
JSON = st.recursive(
    SCALAR, lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXT, inner, max_size=4)), max_leaves=8
)
# Deeper than Python follows, longer numbers than it reads.
ODD_JSON = st.sampled_from(["[" * 100_000, '{"a":' * 100_000, "1" * 5000, "", "\x00", "NaN", '"\\ud800"', "null", "[]"])
ODD_TOML = st.sampled_from(["a = " + "[" * 5000, "a." * 500 + "b = 1", "a = " + "1" * 5000, "a = nan", "\x00", ""])


def lines_like(*examples):
    """Return texts of lines: those of examples, with parts left out, doubled, swapped, and with other text in them."""
    lines = st.sampled_from([line for example in examples for line in example.splitlines()])
    return st.lists(st.one_of(lines, lines.flatmap(_bent), TEXT), max_size=12).map("\n".join)


def _bent(line):
    def bend(drawn):
        at, length, text = drawn
        return line[:at] + text + line[at + length :]

    end = len(line)
    return st.tuples(st.integers(0, end), st.integers(0, end), st.one_of(TEXT, st.just(line[: end // 2]))).map(bend)


@st.composite
def documents_like(draw, document):
    """Return texts of JSON documents like one, with some values replaced, gone or cut off; and some that are none."""
    if draw(st.integers(0, 9)) == 0:
        return draw(ODD_JSON)
    bent = copy.deepcopy(document)
    for _ in range(draw(st.integers(0, 3))):
        bent = _bend(draw, bent)
    text = json.dumps(bent)
    return text[: draw(st.integers(0, len(text)))] if draw(st.integers(0, 9)) == 0 else text


def _bend(draw, value):
    keys = list(value) if isinstance(value, dict) else list(range(len(value))) if isinstance(value, list) else []
    if not keys or draw(st.integers(0, 3)) == 0:
        return draw(JSON)
    key = draw(st.sampled_from(keys))
    if draw(st.integers(0, 4)) == 0:
        del value[key]
    else:
        value[key] = _bend(draw, value[key])
    return value
