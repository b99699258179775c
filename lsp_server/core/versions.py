"""What `uv version --bump` makes of a version (PEP 440), for titles that show the number before it is asked for."""

from packaging.version import InvalidVersion, Version


def bumped(version: str, part: str) -> str | None:
    """Return the version after a bump of major, minor or patch; None where it cannot be told.

    As uv does: the parts after the one that is raised become zero and none is added behind it; pre-, post- and
    development markers fall away, a local part stays. uv counts to 2**64 - 1, so a longer number is none to it.
    """
    try:
        parsed = Version(version)
    except InvalidVersion:
        return None
    place = {"major": 0, "minor": 1, "patch": 2}.get(part)
    if place is None or max(parsed.release) >= _UV_MAXIMUM:
        return None
    release = [*parsed.release, *([0] * (place + 1 - len(parsed.release)))]
    raised = [*release[:place], release[place] + 1, *([0] * (len(release) - place - 1))]
    epoch = f"{parsed.epoch}!" if parsed.epoch else ""
    local = f"+{parsed.local}" if parsed.local else ""
    return epoch + ".".join(map(str, raised)) + local


_UV_MAXIMUM = 2**64 - 1
