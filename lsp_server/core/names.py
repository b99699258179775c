"""The names of packages by what they begin with or hold, the most used first: made once, asked with each keystroke."""

from bisect import bisect_left
from collections.abc import Sequence
from heapq import nsmallest

_LAST = "\U0010ffff"


class Names:
    """Normalised names, in an order of use.

    Two of these are never equal: a snapshot that holds one is compared by what else is in it.
    """

    def __init__(self, ranked: Sequence[str] = ()) -> None:
        self.ranked = tuple(ranked)
        self._rank = {name: rank for rank, name in enumerate(self.ranked)}
        self._sorted = sorted(self.ranked)
        self._joined = "\n".join(("", *self.ranked, ""))

    def __contains__(self, name: object) -> bool:
        return name in self._rank

    def fitting(self, query: str, most: int) -> list[str]:
        """Return the names that begin with what was typed, then those that hold it; in each, the most used first.

        Args:
            query: normalised as far as it is typed.
            most: how many at most.

        """
        if not query:
            return list(self.ranked[:most])
        first, last = bisect_left(self._sorted, query), bisect_left(self._sorted, query + _LAST)
        found = nsmallest(most, self._sorted[first:last], key=self._rank.__getitem__)
        if len(found) < most:
            found += self._holding(query, most - len(found))
        return found

    def _holding(self, query: str, most: int) -> list[str]:
        """Search all names as one text, which takes a tenth of looking at each."""
        holding: list[str] = []
        at = self._joined.find(query)
        while at >= 0 and len(holding) < most:
            start, end = self._joined.rfind("\n", 0, at) + 1, self._joined.find("\n", at)
            if start != at:
                holding.append(self._joined[start:end])
            at = self._joined.find(query, end)
        return holding
