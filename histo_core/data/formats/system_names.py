"""Names that operating systems, file servers and archivers leave in any folder."""

from __future__ import annotations

_HIDDEN = (".", "~$", "@syno")
"""How such names may begin: hidden files (also macOS' ``._name``), Office's locks, Synology's own entries."""

_NAMES = frozenset(
    name.casefold()
    for name in (
        # macOS, also by way of archives and file servers
        *("__MACOSX", "Icon\r", "Network Trash Folder", "Temporary Items", "TheVolumeSettingsFolder"),
        # Windows
        *("$RECYCLE.BIN", "RECYCLER", "Recycled", "System Volume Information"),
        *("Thumbs.db", "ehthumbs.db", "ehthumbs_vista.db", "desktop.ini"),
        # Synology, QNAP, NetApp, and ext4's own
        *("@eaDir", "@tmp", "#recycle", "#snapshot", "@Recycle", "@Recently-Snapshot", "~snapshot", "lost+found"),
    )
)


def is_system(name: str) -> bool:
    """Return whether a file or folder of this name belongs to a system, and to no data set.

    Args:
        name: of the entry alone, without its folder; its case does not matter.
    """
    folded = name.casefold()
    return folded.startswith(_HIDDEN) or folded in _NAMES
