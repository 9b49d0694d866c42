"""The words of a rule's fields as people say them in Chinese, so that a mistake names the word meant."""

from collections.abc import Mapping

from gengfu.core.expression import nearest
from gengfu.core.hours import DayKind
from gengfu.core.said import NOTHING, Said, said
from gengfu.core.urgency import Kind, Severity
from gengfu.ledger.model import EquipmentClass
from rules.language.schedule import GUARDED, UNGUARDED

SEVERITIES: Mapping[str, Severity] = {
    **dict.fromkeys(("紧急", "严重", "危急", "特急"), Severity.CRITICAL),
    **dict.fromkeys(("重要", "高", "高级"), Severity.HIGH),
    **dict.fromkeys(("一般", "中", "中级", "普通"), Severity.MEDIUM),
    **dict.fromkeys(("提示", "低", "低级", "轻微"), Severity.LOW),
}
KINDS: Mapping[str, Kind] = {
    **dict.fromkeys(("生命安全", "消防", "人身安全"), Kind.LIFE_SAFETY),
    **dict.fromkeys(("安防", "安全", "治安"), Kind.SECURITY),
    **dict.fromkeys(("设备", "维护", "维保", "检修", "工程"), Kind.MAINTENANCE),
    **dict.fromkeys(("系统", "平台"), Kind.SYSTEM),
}
HOURS: Mapping[str, str] = {
    "工作日": DayKind.WORKDAY,
    "休息日": DayKind.RESTDAY,
    "周末": DayKind.RESTDAY,
    "节假日": DayKind.HOLIDAY,
    "布防": GUARDED,
    "布防时段": GUARDED,
    "撤防": UNGUARDED,
}


def nearest_class(name: str, classes: Mapping[str, EquipmentClass]) -> Said:
    """Return the class that a mistyped name, or its title in either language, means."""
    for one in classes.values():
        if name and name.casefold() in {one.title.zh, one.title.en.casefold()}:
            return said("did you mean {!r}?", one.name)
    alike = nearest(name, classes)
    if alike or not name:
        return alike
    found = next((one.name for one in classes.values() if name in one.title.zh), "")
    return said("did you mean {!r}?", found) if found else NOTHING
