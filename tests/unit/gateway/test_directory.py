"""Topics find their equipment, and a changed ledger moves no index."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import topics
from gateway.accounts import covers
from gateway.decoded import Rejected
from gateway.directory import Target, build_directory
from gengfu.core.batch import Lane, TopicKind
from gengfu.core.names import Names
from gengfu.core.naming import is_slug
from tests.fakes.small_estate import shipped_classes, small_estate


@pytest.mark.parametrize(
    ("topic", "reason"),
    [
        ("gf/yunhe/nobody/up/telemetry", "unknown_device"),
        ("gf/beiyuan/lift-1/up/telemetry", "wrong_site"),
        ("xx/yunhe/lift-1/up/telemetry", "bad_topic"),
        ("gf/yunhe/lift-1/up", "bad_topic"),
        ("gf/yunhe/lift-1/up/telemetry/more", "bad_topic"),
        ("gf/yunhe/lift-1/down/ack", "bad_topic"),
        ("gf/yunhe/../up/telemetry", "bad_topic"),
        ("gf/yunhe/lift-1\0/up/telemetry", "bad_topic"),
        ("gf/yunhe/lift-1\n/up/telemetry", "bad_topic"),
        (f"gf/yunhe/{'a' * 300}/up/telemetry", "bad_topic"),
        ("$SYS/broker/uptime", "bad_topic"),
        ("$share/g/gf/yunhe/lift-1/up/event", "bad_topic"),
        ("", "bad_topic"),
    ],
)
def test_an_odd_topic_finds_somebody(topic: str, reason: str) -> None:
    """A topic that is not exactly a known device's is refused with the reason (F52, F53)."""
    directory = build_directory([small_estate()], shipped_classes(), Names())
    found = directory.find(topic)
    assert isinstance(found, Rejected)
    assert found.reason == reason


def test_a_changed_ledger_moves_an_index() -> None:
    """Equipment that stays keeps its index, whatever was added, removed or reordered before it."""
    names = Names()
    before = build_directory([small_estate()], shipped_classes(), names)
    both = [small_estate("beiyuan", "n-"), small_estate()]
    after = build_directory(both, shipped_classes(), names)
    for equipment in before.equipment:
        topic = topics.up("yunhe", equipment, TopicKind.TELEMETRY)
        old, new = before.find(topic), after.find(topic)
        assert isinstance(old, Target)
        assert isinstance(new, Target)
        assert (old.index, dict(old.slots)) == (new.index, dict(new.slots))


def test_equipment_of_no_class_stops_the_gateway() -> None:
    """An equipment whose class is missing is simply not known."""
    classes = {name: one for name, one in shipped_classes().items() if name != "elevator"}
    directory = build_directory([small_estate()], classes, Names())
    assert isinstance(directory.find("gf/yunhe/lift-1/up/telemetry"), Rejected)
    assert isinstance(directory.find("gf/yunhe/pump-1/up/telemetry"), Target)


slugs = st.from_regex(r"[a-z0-9][a-z0-9_-]{0,63}", fullmatch=True)


@given(slugs, slugs, st.sampled_from(TopicKind), st.sampled_from(["gf", "acme/watch"]))
def test_a_topic_does_not_read_back(site: str, equipment: str, kind: TopicKind, root: str) -> None:
    """What is built is parsed to the same address, under any root."""
    address = topics.parse(topics.up(site, equipment, kind, root), root)
    assert address == topics.Address(site, equipment, kind)


@given(st.text(max_size=60))
def test_an_address_holds_an_id_that_is_no_slug(topic: str) -> None:
    """Whatever is parsed has ids that are safe in topics, tags and paths."""
    address = topics.parse(topic)
    assert address is None or (is_slug(address.site) and is_slug(address.equipment))


@pytest.mark.parametrize("kind", [*TopicKind, "telemetri", "events"])
def test_a_kind_is_heard_by_no_lane_or_by_both(kind: str) -> None:
    """Each message is for exactly one lane, whose subscriptions cover it; so is a mistyped ending."""
    topic = f"gf/yunhe/lift-1/up/{kind}"
    lanes = [lane for lane in Lane if topics.is_for(lane, topic)]
    assert len(lanes) == 1
    assert any(covers(one, topic) for one in topics.filters(lanes[0]))


@pytest.mark.parametrize(
    ("topic", "mend"),
    [
        ("gf/yunhe/lift-1/up/telemetri", "did you mean 'telemetry'?"),
        ("gf/yunhe/lift-1/up/Events", "did you mean 'event'?"),
        ("gf/yunhe/lift-1/up/x", "use telemetry, event, vital, status"),
        ("gf/yunhe/Lift 1/up/event", "a-z, 0-9, _ and -"),
        ("gf/yunhe/lift-l/up/event", "did you mean 'lift-1'?"),
        ("gf/yunhe/lift-1/event", "is not gf/SITE/EQUIPMENT/up/"),
    ],
)
def test_a_mistyped_topic_is_no_help(topic: str, mend: str) -> None:
    """Why a topic leads nowhere is said with what was likely meant, each time it is told."""
    directory = build_directory([small_estate()], shipped_classes(), Names())
    for _ in range(2):
        found = directory.find(topic)
        assert isinstance(found, Rejected)
        assert mend in found.detail
