"""A folder whose files may be trusted, since nobody else can have written them."""

import os
import stat
from pathlib import Path


def is_private(folder: Path) -> bool:
    """Whether nobody but this user, or the system's administrator, fills a folder.

    True if the folder is no link, belongs to this user and is closed to others' writes
    (it is then closed to their reads as well); all that lies in it belongs to this
    user; and nobody else can put another folder in its place, because each folder on
    the way to it belongs to this user or to root and is either closed to others'
    writes or sticky, as `/tmp` is. Root trusts its own folders alone. Where there are
    no POSIX owners, the user's profile is private by its access list: True.

    Args:
        folder: An existing folder.

    Raises:
        OSError: If it cannot be looked at.
    """
    if os.name != "posix":
        return True
    user, status = os.geteuid(), folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or not belongs_to_user(folder):
        return False
    if status.st_mode & 0o022:  # somebody may have been here already
        return False
    folder.chmod(0o700)
    if not all(belongs_to_user(path) for path in folder.rglob("*")):
        return False
    # The way as it is written, and where its links lead: both can be diverted.
    ways = {*folder.absolute().parents, *folder.resolve().parents}
    return all(_keeps_its_entries(path.lstat(), user) for path in ways)


def belongs_to_user(path: Path) -> bool:
    """Whether this user owns a file, a folder or a link itself."""
    return os.name != "posix" or path.lstat().st_uid == os.geteuid()


def _keeps_its_entries(status: os.stat_result, user: int) -> bool:
    """Whether only `user` and root can rename what lies in a folder.

    Of a link only the owner counts: its mode says nothing, and the folder that it lies
    in is looked at as well. A group that is the user's own, as many systems give every
    user one, is no other.
    """
    if status.st_uid not in (0, user):
        return False
    if stat.S_ISLNK(status.st_mode) or status.st_mode & stat.S_ISVTX:
        return True
    others = 0o002 if _is_own_group(status.st_gid, user) else 0o022
    return not status.st_mode & others


def _is_own_group(group: int, user: int) -> bool:
    """Whether a POSIX group is that of one user alone: of the same name, no members."""
    import grp  # here, as not every system has them
    import pwd

    try:
        entry, name = grp.getgrgid(group), pwd.getpwuid(user).pw_name
    except KeyError:  # no such name on this machine
        return False
    return entry.gr_name == name and not set(entry.gr_mem) - {name}


def make_private(folder: Path) -> bool:
    """Create a folder and what is missing above it, open to this user alone.

    Returns:
        Whether it was missing.

    Raises:
        OSError: If it cannot be created.
    """
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    for path in reversed(missing):
        path.mkdir(mode=0o700, exist_ok=True)
    return folder in missing
