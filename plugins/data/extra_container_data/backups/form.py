"""The form of a backup: a tar archive of the POSIX kind, which other programs can read, packed by zstd.

It begins with the manifest, then comes the container's state, and in the end a word that says that all of it is there.
Attributes are stored as star, GNU tar and bsdtar do, holes as GNU tar does in its format 1.0. Sources: pax(1), and
"Sparse Formats" in the manual of GNU tar.
"""

from __future__ import annotations

import tarfile

from extra_container_data.entries import Kind

MANIFEST = "manifest.json"
STATE = "state"
END = "complete"
ATTRIBUTE = "SCHILY.xattr."
SPARSE = "GNU.sparse."
TYPES = {Kind.DIRECTORY: tarfile.DIRTYPE, Kind.LINK: tarfile.SYMTYPE, Kind.PIPE: tarfile.FIFOTYPE}
ENCODING = "utf-8"
# Names and attributes may have any bytes.
ERRORS = "surrogateescape"
