"""Who is to blame for an error in a plugin, where it happened, and how to go on without the plugin."""

from __future__ import annotations

from pathlib import Path


def way_out(name: str) -> str:
    """Return the hint how to go on without a plugin."""
    return f"Go on without it: --disable-plugin {name}, or EXTRA_CONTAINER_DISABLE_PLUGINS={name}"


def in_one_line(error: BaseException, when: str = "", file: str | None = None) -> str:
    """Return an error's type, message and place; ``when`` stands behind the type, ``file`` see :func:`place_of`."""
    # With its own place, which a syntax error's text holds, it would be told twice.
    text = error.msg if isinstance(error, SyntaxError) else str(error)
    message = " ".join(text.split())
    return f"{type(error).__name__}{when and ' '}{when}{message and ': '}{message} ({place_of(error, file)})"


def place_of(error: BaseException, file: str | None = None) -> str:
    """Return file and line that an error comes from, the last ones beside ``file`` if it comes through there."""
    import traceback

    if isinstance(error, SyntaxError) and error.filename is not None:
        # It is raised by whoever reads the text.
        return _shown(Path(error.filename), error.lineno)

    frames = traceback.extract_tb(error.__traceback__)
    # The alarm's own frame says nothing about what the plugin was doing.
    while len(frames) > 1 and frames[-1].name == "_ring":
        frames.pop()
    near = [frame for frame in frames if file is not None and Path(frame.filename).parent == Path(file).parent]
    frame = (near or frames)[-1]
    return _shown(Path(frame.filename), frame.lineno)


def _shown(place: Path, line: int | None) -> str:
    name = f"{place.parent.name}/{place.name}" if place.with_name("__init__.py").exists() else place.name
    return f"{name}:{line}"
