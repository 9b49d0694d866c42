"""A fault proxy on loopback: the link between two programs, and everything a link can do to them.

It knows bytes and connections only, so that it stands before a broker and before a store alike.
Threads, because the tests that steer it are plain code.
"""

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

_CHUNK = 65_536
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Way(StrEnum):
    """Which way bytes go: ``up`` from the one who called to the one who listens."""

    UP = "up"
    DOWN = "down"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What is wrong with the link, for every connection, from now on."""

    latency_s: float = 0.0
    """Each piece is held so long."""
    trickle_s: float | None = None
    """Answers come byte by byte, one in so many seconds."""
    hold: bool = False
    """Nothing passes; it comes through when the link is whole again."""
    cut_answers_at: int | None = None
    """So many bytes of an answer come through, then the connection is cut."""
    refuse: bool = False
    """New connections are closed at once."""


WHOLE = Fault()
Tap: TypeAlias = Callable[[int, Way, bytes], None]
"""Told of each piece as it arrives: connection, way, bytes."""


@dataclass(slots=True)
class _Link:
    number: int
    ends: dict[Way, socket.socket]
    """Where bytes that go that way are sent to."""
    stranded: bool = False

    def close(self, *, reset: bool) -> None:
        for end in self.ends.values():
            with contextlib.suppress(OSError):
                if reset:
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
                # A thread that reads from it must wake, or the connection outlives its closing.
                end.shutdown(socket.SHUT_RD if reset else socket.SHUT_RDWR)
                end.close()


@dataclass(slots=True)
class Proxy:
    """Passes connections on to ``target``; listens on ``port`` while ``up``."""

    target: int
    tap: Tap | None = None
    fault: Fault = WHOLE
    port: int = 0
    connections: int = 0
    _links: list[_Link] = field(default_factory=list)
    _stopped: threading.Event = field(default_factory=threading.Event)

    def strand(self) -> None:
        """Make the present connections half-open: both ends believe in them, nothing passes."""
        for link in self._links:
            link.stranded = True

    def reset(self) -> None:
        """Reset all present connections (RST)."""
        self._drop(reset=True)

    def cut(self) -> None:
        """Close all present connections in the usual way (FIN)."""
        self._drop(reset=False)

    def _drop(self, *, reset: bool) -> None:
        links, self._links = self._links, []
        for link in links:
            link.close(reset=reset)

    @contextlib.contextmanager
    def up(self) -> Iterator["Proxy"]:
        """Pass connections on until the block ends."""
        with socket.create_server(("127.0.0.1", self.port)) as listener:
            listener.settimeout(0.2)
            self.port = listener.getsockname()[1]
            accepting = threading.Thread(target=self._accept, args=(listener,), daemon=True)
            accepting.start()
            try:
                yield self
            finally:
                self._stopped.set()
                accepting.join()
                self.reset()

    def _accept(self, listener: socket.socket) -> None:
        while not self._stopped.is_set():
            with contextlib.suppress(TimeoutError):
                self._connect(listener.accept()[0])

    def _connect(self, caller: socket.socket) -> None:
        caller.settimeout(None)
        try:
            if self.fault.refuse:
                raise ConnectionRefusedError
            listening = socket.create_connection(("127.0.0.1", self.target), timeout=5)
        except OSError:
            caller.close()
            return
        listening.settimeout(None)
        for end in (caller, listening):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.connections += 1
        link = _Link(self.connections, {Way.UP: listening, Way.DOWN: caller})
        self._links.append(link)
        for source, way in ((caller, Way.UP), (listening, Way.DOWN)):
            threading.Thread(target=self._pump, args=(link, source, way), daemon=True).start()

    def _pump(self, link: _Link, source: socket.socket, way: Way) -> None:
        passed = 0
        with contextlib.suppress(OSError):
            while piece := source.recv(_CHUNK):
                if self.tap is not None:
                    self.tap(link.number, way, piece)
                if link.stranded:
                    continue
                self._weather()
                passed += len(piece)
                self._send(link, way, piece, passed)
        if not link.stranded:
            link.close(reset=False)
        with contextlib.suppress(ValueError):
            self._links.remove(link)

    def _weather(self) -> None:
        """Hold a piece as long as the link's fault says."""
        if self.fault.latency_s:
            time.sleep(self.fault.latency_s)
        while self.fault.hold and not self._stopped.is_set():
            time.sleep(0.02)

    def _send(self, link: _Link, way: Way, piece: bytes, passed: int) -> None:
        fault = self.fault
        if way is Way.UP:
            link.ends[way].sendall(piece)
        elif fault.cut_answers_at is not None and passed > fault.cut_answers_at:
            link.ends[way].sendall(piece[: fault.cut_answers_at])
            link.close(reset=False)
        elif fault.trickle_s is not None:
            self._trickle(link.ends[way], piece, fault.trickle_s)
        else:
            link.ends[way].sendall(piece)

    def _trickle(self, end: socket.socket, piece: bytes, pause_s: float) -> None:
        for at in range(len(piece)):
            end.sendall(piece[at : at + 1])
            if self.fault.trickle_s is not None and self._stopped.wait(pause_s):
                return
