"""The words in the life cycle's diagram and table, as the trade says them. Pages have their own."""

from collections.abc import Mapping

from alerts.lifecycle import Refusal
from alerts.model import Handling, Step
from gengfu.core.naming import Bilingual

HANDLING: Mapping[Handling, Bilingual] = {
    Handling.NEW: Bilingual("新报警", "New"),
    Handling.NOTIFIED: Bilingual("已通知", "Notified"),
    Handling.RECEIVED: Bilingual("已收到", "Received"),
    Handling.ACKNOWLEDGED: Bilingual("已接警", "Taken"),
    Handling.EN_ROUTE: Bilingual("赶往现场", "On the way"),
    Handling.ARRIVED: Bilingual("已到场", "On site"),
    Handling.VERIFIED: Bilingual("已核实", "Verified"),
    Handling.CLOSED: Bilingual("已销警", "Closed"),
}
STEP: Mapping[Step, Bilingual] = {
    Step.RECEIVE: Bilingual("收到", "Received"),
    Step.ACKNOWLEDGE: Bilingual("接警", "Take it"),
    Step.EN_ROUTE: Bilingual("出发", "On my way"),
    Step.ARRIVE: Bilingual("到场", "I am there"),
    Step.VERDICT: Bilingual("核实", "What it was"),
    Step.RESET: Bilingual("复位", "Reset done"),
    Step.CLOSE: Bilingual("销警", "Close"),
    Step.COMMENT: Bilingual("备注", "Comment"),
    Step.ASSIGN: Bilingual("指派", "Assign"),
    Step.SHELVE: Bilingual("搁置", "Shelve"),
    Step.UNSHELVE: Bilingual("取消搁置", "End shelving"),
}
REFUSAL: Mapping[Refusal, Bilingual] = {
    Refusal.ILLEGAL_STEP: Bilingual("当前状态不能这样操作", "Not possible as it stands now"),
    Refusal.NEEDS_PERSON_ON_SITE: Bilingual("须先有人到场", "Somebody has to be on site first"),
    Refusal.NEEDS_VERDICT: Bilingual("须先填写核实结果", "Say first what it was"),
    Refusal.NEEDS_RESET: Bilingual("须先在现场复位", "It has to be reset on site first"),
    Refusal.NEVER_SHELVED: Bilingual("此类报警不得搁置", "Such an alert is never shelved"),
    Refusal.NOT_SHELVED: Bilingual("未被搁置", "It is not shelved"),
    Refusal.NEEDS_TEXT: Bilingual("须填写说明", "Write a few words"),
    Refusal.NEEDS_ASSIGNEE: Bilingual("须选择人员", "Choose a person"),
    Refusal.BAD_END: Bilingual("搁置须有期限，且不超过上限", "Shelving must end in time"),
    Refusal.KEY_REUSED: Bilingual("请求编号已用过", "This request number was used before"),
}
