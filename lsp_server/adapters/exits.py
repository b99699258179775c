"""A call when a process ends, without asking again and again where the system can tell.

Linux: a pidfd, which names the process itself and not its number, becomes readable at the exit. Elsewhere psutil waits
(kqueue on macOS, the process handle on Windows, short polls where there is neither).
"""

import os
import select
import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack

import psutil

from lsp_server.adapters.processes import Process, is_alive

Cancel = Callable[[], None]
"""Ends a subscription; once it has returned, no further call begins. May be called twice, and from the callback."""

# psutil cannot be woken up, so a cancelled wait is noticed after this many seconds.
_WAIT_SECONDS = 0.5


def on_exit(process: Process, callback: Callable[[], None]) -> Cancel:
    """Calls `callback` once when `process` has ended.

    The call comes on a thread of its own; if the process has ended already, it comes on the caller's thread before
    this function returns.

    Returns:
        a function that ends the subscription.

    Raises:
        OSError: no descriptor is left.
        RuntimeError: no thread is left.
    """
    once = Once(callback)
    if not is_alive(process):
        once.call()
        return once.cancel
    if sys.platform == "linux" and hasattr(os, "pidfd_open"):
        return by_pidfd(process, once)
    return by_waiting(process, once)


class Once:
    """A callback that is called at most once, and not at all after it was cancelled."""

    def __init__(self, callback: Callable[[], None]) -> None:
        self._callback: Callable[[], None] | None = callback
        self._lock = threading.Lock()

    def call(self) -> None:
        """Calls back, unless that has been done or cancelled."""
        with self._lock:
            callback, self._callback = self._callback, None
        if callback is not None:
            callback()

    def cancel(self) -> None:
        """Makes sure that no call begins from now on."""
        with self._lock:
            self._callback = None


if sys.platform == "linux":

    def by_pidfd(process: Process, once: Once) -> Cancel:
        """`on_exit` through a pidfd (Linux 5.3 and newer)."""
        opened = ExitStack()
        try:
            descriptor = os.pidfd_open(process.pid)
            opened.callback(os.close, descriptor)
            wake_reader, wake_writer = os.pipe()
        except ProcessLookupError:
            once.call()
            return once.cancel
        except OSError:  # an old kernel, a sandbox, or no descriptor left
            opened.close()
            return by_waiting(process, once)
        opened.callback(os.close, wake_reader)
        close_writer = Once(lambda: os.close(wake_writer)).call
        opened.callback(close_writer)

        def wait() -> None:
            poll = select.poll()
            poll.register(descriptor, select.POLLIN)
            poll.register(wake_reader, select.POLLIN | select.POLLHUP)
            ready = {number for number, _ in poll.poll()}
            opened.close()
            if descriptor in ready:
                once.call()

        def cancel() -> None:
            once.cancel()
            close_writer()

        if not is_alive(process):  # the number was given to another process before we opened it
            opened.close()
            once.call()
            return once.cancel
        try:
            threading.Thread(target=wait, name=f"exit-of-{process.pid}", daemon=True).start()
        except BaseException:
            opened.close()
            raise
        return cancel


def by_waiting(process: Process, once: Once) -> Cancel:
    """`on_exit` through psutil, for systems without pidfds."""
    cancelled = threading.Event()

    def wait() -> None:
        while not cancelled.is_set() and is_alive(process):
            try:
                psutil.Process(process.pid).wait(_WAIT_SECONDS)
            except psutil.TimeoutExpired:
                continue
            except (psutil.Error, OSError):  # it has just ended; or we may not look, or cannot now
                cancelled.wait(_WAIT_SECONDS)
        once.call()

    threading.Thread(target=wait, name=f"exit-of-{process.pid}", daemon=True).start()

    def cancel() -> None:
        once.cancel()
        cancelled.set()

    return cancel
