"""Nix' indirect roots."""

from pathlib import Path

from extra_container.state import nix_roots

LINK = Path("/tmp/extra-container-oy0fl5f5/result")
# What Nix 2.8 made of that link.
NAME = "0176gpb0k2hgzn7241f427bsncfpbsq7"


def test_the_root_of_a_link_goes(tmp_path):
    (tmp_path / NAME).symlink_to(LINK)
    nix_roots.forget(LINK, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_what_is_not_its_root_stays(tmp_path):
    (tmp_path / NAME).symlink_to("/elsewhere")
    nix_roots.forget(LINK, tmp_path)
    nix_roots.forget(Path("/tmp/never-there"), tmp_path)
    assert (tmp_path / NAME).is_symlink()
