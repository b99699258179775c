"""Exchanging two files in one step, where the system can: so a file that somebody wrote in the last moment is seen.

Comparing a file and then renaming over it leaves a gap in which an editor's save would be lost without a trace. After
an exchange the old file is still there, to be compared when nobody can write to it by its name any more.
"""

import ctypes
import errno
import os
import sys
from functools import cache
from pathlib import Path
from typing import Any

_AT_FDCWD = -100
_EXCHANGE = 2  # RENAME_EXCHANGE of renameat2(2), RENAME_SWAP of macOS's renamex_np
_NOT_HERE = {errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP}


def exchange(one: Path, other: Path) -> bool:
    """Exchange two files of one folder atomically.

    Returns:
        False where the system or the file system cannot; nothing has happened then.

    Raises:
        OSError: it can, and did not.

    """
    call = _call()
    if call is None or call(os.fsencode(one), os.fsencode(other)) == 0:
        return call is not None
    number = ctypes.get_errno()
    if number in _NOT_HERE:
        return False
    raise OSError(number, os.strerror(number), str(other))


@cache
def _call() -> Any:  # noqa: ANN401  a foreign function or None
    system = str(sys.platform)
    try:
        library = ctypes.CDLL(None, use_errno=True)
        if system == "linux":
            rename = library.renameat2
            return lambda one, other: rename(_AT_FDCWD, one, _AT_FDCWD, other, _EXCHANGE)
        if system == "darwin":
            swap = library.renamex_np
            return lambda one, other: swap(one, other, _EXCHANGE)
    except (OSError, AttributeError, TypeError):
        pass  # an older C library, or none that can be asked
    return None
