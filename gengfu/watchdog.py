"""Decides when nobody watches any more: the proofs of the alarm path have stopped.

It knows the proof's file and the passing of time, and nothing of what it watches: the fewer things it
needs, the fewer can take it down together with them.
"""

from dataclasses import dataclass
from enum import StrEnum

from gengfu.core.naming import Bilingual
from gengfu.proof import MISSING, SILENCE_SECONDS, Proof

REMINDER_SECONDS = 600.0


class Notice(StrEnum):
    """What the watchdog has to say."""

    SILENT = "silent"
    """No proof for three canaries: core hangs or died, or the broker, the disk or the rules fail."""
    STILL_SILENT = "still_silent"
    PROVED_AGAIN = "proved_again"
    ALL_GONE = "all_gone"
    """The supervisor died, and all that it ran stops."""


TEXTS: dict[Notice, Bilingual] = {
    Notice.SILENT: Bilingual(
        zh=f"更夫失去值守能力：连续 {MISSING} 次自检未返回，立即人工值守",
        en=f"Gengfu does not watch: {MISSING} canaries missing. Watch the panels yourselves now",
    ),
    Notice.STILL_SILENT: Bilingual(
        zh="更夫仍未恢复值守，继续人工值守",
        en="Gengfu still does not watch. Go on watching the panels",
    ),
    Notice.PROVED_AGAIN: Bilingual(
        zh="更夫恢复值守，自检通过", en="Gengfu watches again: a canary came through"
    ),
    Notice.ALL_GONE: Bilingual(
        zh="更夫全部进程已异常终止，立即人工值守",
        en="All of Gengfu has died. Watch the panels yourselves now",
    ),
}


@dataclass(slots=True)
class Watch:
    """Looks at the proofs; times are seconds of any clock that never goes back."""

    since: float
    """When a new proof was last seen, or the watching began."""
    seen: int = 0
    """The proof's number then: what lay there when the watching began proves nothing."""
    alarmed_at: float | None = None

    def look(self, proof: Proof | None, now: float) -> Notice | None:
        """Take what the file says now; return what must be told, once."""
        if proof is not None and proof.number not in {0, self.seen}:
            self.seen, self.since = proof.number, now
            was_alarmed, self.alarmed_at = self.alarmed_at is not None, None
            return Notice.PROVED_AGAIN if was_alarmed else None
        if now - self.since < SILENCE_SECONDS:
            return None
        if self.alarmed_at is not None and now - self.alarmed_at < REMINDER_SECONDS:
            return None
        notice = Notice.SILENT if self.alarmed_at is None else Notice.STILL_SILENT
        self.alarmed_at = now
        return notice
