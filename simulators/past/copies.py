"""More of the same estate: the demo's compound again, at further sites under names of their own."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from gengfu.core.naming import Bilingual
from gengfu.ledger.model import LinkageLine, SiteLedger


def copies_of(ledgers: Sequence[SiteLedger], times: int) -> tuple[SiteLedger, ...]:
    """Return ledgers ``times`` times; ids stay unique, the first copies keep theirs."""
    return tuple(
        ledger if number == 1 else _copy(ledger, number)
        for number in range(1, times + 1)
        for ledger in ledgers
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A site that is another one again, under names of its own."""

    site: str
    original: str
    names: Mapping[str, str]
    """What it calls the original's equipment."""


def copies_among(ledgers: Sequence[SiteLedger]) -> Iterator[Copy]:
    """Yield which of the ledgers are nothing but copies of others."""
    by_site = {one.site.id: one for one in ledgers}
    for ledger in ledgers:
        site, _, number = ledger.site.id.rpartition("-")
        original = by_site.get(site)
        if original and number.isdecimal() and _copy(original, int(number)) == ledger:
            names = {id_: _known_as(id_, int(number)) for id_ in original.equipment}
            yield Copy(site=ledger.site.id, original=site, names=names)


def _known_as(id_: str, number: int) -> str:
    return f"{id_}-s{number}"


def _copy(ledger: SiteLedger, number: int) -> SiteLedger:
    def known_as(id_: str) -> str:
        return _known_as(id_, number) if id_ in ledger.equipment else id_

    def line(one: LinkageLine) -> LinkageLine:
        called = tuple(known_as(id_) for id_ in one.equipment)
        return replace(one, where=known_as(one.where), equipment=called)

    name = ledger.site.name
    return replace(
        ledger,
        site=replace(
            ledger.site,
            id=f"{ledger.site.id}-{number}",
            name=Bilingual(zh=f"{name.zh}{number}期", en=f"{name.en} {number}"),
        ),
        equipment={
            known_as(one.id): replace(
                one,
                id=known_as(one.id),
                parent=known_as(one.parent) if one.parent else None,
                feeds=tuple(known_as(id_) for id_ in one.feeds),
            )
            for one in ledger.equipment.values()
        },
        linkage=tuple(line(one) for one in ledger.linkage),
    )
