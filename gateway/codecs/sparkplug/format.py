"""Sparkplug B 3.0 as a host application reads it.

An edge node is the device ``GROUP/NODE``, what hangs behind it ``GROUP/NODE/DEVICE``; fields are
metrics' names. After a death every point is known to be missing and its equipment offline, from
receipt on: a death's own time is when the will was written.
Source: Eclipse Sparkplug 3.0.0, chapters 4 to 6.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b

from gateway.codecs.sparkplug.node import MOST_REMEMBERED, Known, Node
from gateway.codecs.sparkplug.payload import Metric, Payload, decode_payload, encode_command
from gateway.codecs.sparkplug.state import NAMESPACE
from gateway.codecs.sparkplug.wire import WireError
from gateway.codecs.spoken import Format, Outgoing, Presence, Spoken, Utterance, Value
from gateway.decoded import RawMessage, Rejected
from gengfu.core.clock import HOUR, Micros
from gengfu.core.record import RejectReason

_REBIRTH = "Node Control/Rebirth"
_BD_SEQ = "bdSeq"
_OF_NODES = ("NBIRTH", "NDATA", "NDEATH")
_OF_DEVICES = ("DBIRTH", "DDATA", "DDEATH")
_LARGEST_SEQ = 255


@dataclass(frozen=True, slots=True)
class Address:
    """Who speaks: the device is empty for the node itself."""

    kind: str
    group: str
    node: str
    device: str

    @property
    def node_name(self) -> str:
        return f"{self.group}/{self.node}"

    @property
    def name(self) -> str:
        return f"{self.node_name}/{self.device}" if self.device else self.node_name


def parse_topic(topic: str, base: str = NAMESPACE) -> Address | None:
    """Read a topic of an edge node; None when it is none."""
    levels = topic.removeprefix(base + "/").split("/")
    if len(levels) == 3 and levels[1] in _OF_NODES:
        return Address(levels[1], levels[0], levels[2], "")
    if len(levels) == 4 and levels[1] in _OF_DEVICES:
        return Address(levels[1], levels[0], levels[2], levels[3])
    return None


def filters(base: str, device: str) -> Sequence[str]:
    """Return all topics of a device's edge node: its sequence counts over all of them."""
    group, node = device.split("/")[:2]
    return (
        *(f"{base}/{group}/{kind}/{node}" for kind in _OF_NODES),
        *(f"{base}/{group}/{kind}/{node}/+" for kind in _OF_DEVICES),
    )


def orders(base: str, device: str) -> Sequence[str]:
    """Return the topic on which a device's edge node is asked for its births."""
    group, node = device.split("/")[:2]
    return (f"{base}/{group}/NCMD/{node}",)


@dataclass(slots=True)
class SparkplugReader:
    """All edge nodes as they were heard; the mapped ones are asked for their births at first."""

    nodes: dict[tuple[str, str], Node] = field(default_factory=dict)

    @classmethod
    def open(cls, devices: Sequence[str]) -> "SparkplugReader":
        """Return a reader that does not know yet what the mapped nodes are."""
        reader = cls()
        for device in devices:
            group, name, *behind = device.split("/")
            node = reader.nodes.setdefault((group, name), Node())
            node.want_birth()
            node.awaited.update(behind)
        return reader

    def read(self, message: RawMessage, base: str) -> Spoken:
        """Read a birth, death or data message and remember what later ones refer to."""
        address = parse_topic(message.topic, base)
        if address is None:
            return (Rejected(RejectReason.BAD_TOPIC, "is no topic of an edge node"),)
        try:
            payload = decode_payload(message.payload)
        except WireError as exc:
            return (Rejected(RejectReason.WRONG_SHAPE, f"no Sparkplug B payload: {exc}"),)
        node = self.nodes.setdefault((address.group, address.node), Node())
        if address.kind == "NDEATH":
            return _node_death(address, payload, node, message.received_at)
        if payload.seq is None or payload.seq > _LARGEST_SEQ:
            return (Rejected(RejectReason.WRONG_SHAPE, "seq is not within 0 to 255"),)
        gone = _take_number(address, payload, payload.seq, node, message.received_at)
        return (*gone, *_alive(address, payload, node, message))

    def reconnected(self) -> None:
        """Ask all nodes for their births: who died meanwhile does not answer."""
        for node in self.nodes.values():
            node.want_birth()

    def due(self, now: Micros) -> Sequence[Outgoing]:
        """Return the requests for rebirth that are due."""
        return [
            Outgoing(f"{NAMESPACE}/{group}/NCMD/{name}", encode_command(_REBIRTH, now // 1000))
            for (group, name), node in self.nodes.items()
            if node.needs_rebirth(now)
        ]


def _bd_seq(payload: Payload) -> int | None:
    for metric in payload.metrics:
        if metric.name == _BD_SEQ and isinstance(metric.raw, int):
            return metric.raw
    return None


def _node_death(address: Address, payload: Payload, node: Node, now: Micros) -> Spoken:
    if not node.died(_bd_seq(payload), now):
        return ()
    return (Utterance(device=address.node_name, presence=Presence.DEAD, below=True),)


def _take_number(
    address: Address, payload: Payload, seq: int, node: Node, now: Micros
) -> Iterator[Utterance]:
    """Yield the deaths that a message's place in the sequence tells of."""
    if address.kind == "NBIRTH":
        gone = node.left_out(now, births_are_over=False)
        node.born(_bd_seq(payload), seq, now)
    else:
        node.count(seq, now)
        if address.kind == "DBIRTH":
            node.born_device(address.device, now)
        is_birth = address.kind == "DBIRTH"
        gone = node.left_out(now, births_are_over=not is_birth, speaker=address.device)
    for device in gone:
        yield Utterance(device=f"{address.node_name}/{device}", presence=Presence.DEAD)


def _alive(
    address: Address, payload: Payload, node: Node, message: RawMessage
) -> Iterator[Utterance | Rejected]:
    """Yield what a node or device says; of one that was not born yet, what can be understood."""
    if address.kind == "DDEATH":
        node.device_died(address.device, message.received_at)
        yield Utterance(device=address.name, presence=Presence.DEAD)
        return
    is_birth = address.kind.endswith("BIRTH")
    known = node.is_born and (not address.device or address.device in node.devices)
    if not known:
        node.want_birth()
    fields: dict[str, Value] = {}
    times: dict[str, object] = {}
    past: set[str] = set()
    digest, repeats = _digest(message), 0
    for metric in payload.metrics:
        if is_birth:
            _remember(node, address.device, metric)
        found = _known(node, address.device, metric)
        if found is None:
            node.want_birth()
            detail = f"alias {metric.alias} is of no birth that was heard"
            yield Rejected(RejectReason.UNKNOWN_WORD, detail)
        elif not _is_housekeeping(found.name):
            if found.name in fields:  # several values of one metric: each has its own time
                yield _utterance(address, fields, times, past, f"{digest}.{repeats}")
                fields, times, past, repeats = {}, {}, set(), repeats + 1
            fields[found.name] = metric.value(found.datatype)
            times[found.name] = _time(address, payload, metric, node)
            if metric.is_historical:
                past.add(found.name)
    presence = Presence.ONLINE if is_birth else None
    # A node without a clock may be born twice with the same bytes: a birth is always news.
    key = None if is_birth else f"{digest}.{repeats}"
    yield _utterance(address, fields, times, past, key, presence)


def _time(address: Address, payload: Payload, metric: Metric, node: Node) -> int | None:
    """Return since when a value holds, in ms; None = since it was received.

    What a birth says holds at the birth, whenever the value came about. And whatever comes after a
    death holds after it, even if the node's clock is a little slow: else the death's unknown would
    stand for ever.
    """
    if metric.is_historical:
        return metric.timestamp
    own = None if address.kind.endswith("BIRTH") else metric.timestamp
    at = payload.timestamp if own is None else own
    if at is None or node.is_before_death(address.device, at * 1000):
        return None
    return at


def _utterance(
    address: Address,
    fields: dict[str, Value],
    times: dict[str, object],
    past: set[str],
    key: str | None = None,
    presence: Presence | None = None,
) -> Utterance:
    return Utterance(
        device=address.name,
        fields=fields,
        times=times,
        past=frozenset(past),
        key=key,
        presence=presence,
    )


def _remember(node: Node, device: str, metric: Metric) -> None:
    if metric.name is None or len(node.types) >= MOST_REMEMBERED:
        return
    node.types[device, metric.name] = metric.datatype
    if metric.alias is not None:
        node.aliases[metric.alias] = Known(metric.name, metric.datatype)


def _known(node: Node, device: str, metric: Metric) -> Known | None:
    """Return a metric's name and type, from itself or from its birth."""
    if metric.name:
        return Known(metric.name, metric.datatype or node.types.get((device, metric.name)))
    return None if metric.alias is None else node.aliases.get(metric.alias)


def _is_housekeeping(name: str) -> bool:
    """Tell whether a metric is Sparkplug's own and no value of the equipment."""
    return name == _BD_SEQ or name.startswith(("Node Control/", "Device Control/"))


def _digest(message: RawMessage) -> str:
    """Return by what a message is recognised: its bytes hold its time and its number."""
    return blake2b(message.topic.encode() + message.payload, digest_size=16).hexdigest()


SPARKPLUG = Format(
    name="sparkplug",
    base=NAMESPACE,
    filters=filters,
    orders=orders,
    open=SparkplugReader.open,
    takes_base=lambda base: base == NAMESPACE,
    vouched_for=25 * HOUR,
    like="GROUP/NODE or GROUP/NODE/DEVICE",
    levels=(2, 3),
    anything=(f"{NAMESPACE}/#",),
    recognise=lambda topic: NAMESPACE if parse_topic(topic) is not None else None,
)
