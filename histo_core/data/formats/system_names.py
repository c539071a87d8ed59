"""Names of files that operating systems, file servers and archivers create in any folder."""

from __future__ import annotations

_HIDDEN = (".", "~$", "@syno")
"""Prefixes of such names: hidden files (also macOS' ``._name``), Office's lock files, Synology's own entries."""

_NAMES = frozenset(
    name.casefold()
    for name in (
        # macOS, also through archives and file servers
        *("__MACOSX", "Icon\r", "Network Trash Folder", "Temporary Items", "TheVolumeSettingsFolder"),
        # Windows
        *("$RECYCLE.BIN", "RECYCLER", "Recycled", "System Volume Information"),
        *("Thumbs.db", "ehthumbs.db", "ehthumbs_vista.db", "desktop.ini"),
        # Synology, QNAP, NetApp, and ext4's own
        *("@eaDir", "@tmp", "#recycle", "#snapshot", "@Recycle", "@Recently-Snapshot", "~snapshot", "lost+found"),
    )
)


def is_system(name: str) -> bool:
    """Return whether a file or folder of this name belongs to the system and not to a data set.

    Args:
        name: the entry's name without its folder; case does not matter.
    """
    folded = name.casefold()
    return folded.startswith(_HIDDEN) or folded in _NAMES
