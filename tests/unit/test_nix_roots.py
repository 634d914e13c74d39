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


def test_roots_are_found_by_their_targets(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).symlink_to(LINK)
    (tmp_path / "inside").symlink_to(LINK / "etc")
    (tmp_path / "beside").symlink_to(LINK.with_name("result2"))
    (tmp_path / "file").write_text(str(LINK))
    nix_roots.forget(LINK, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["beside", "file", "inside"]
    nix_roots.forget(LINK, tmp_path / "never-there")


def test_what_is_not_its_root_stays(tmp_path):
    (tmp_path / NAME).symlink_to("/elsewhere")
    nix_roots.forget(LINK, tmp_path)
    nix_roots.forget(Path("/tmp/never-there"), tmp_path)
    assert (tmp_path / NAME).is_symlink()
