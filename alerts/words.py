"""The words of alerts for people, as the trade says them. Pages and documents use the same."""

from collections.abc import Mapping

from alerts.clocks import Due
from alerts.lifecycle import Refusal
from alerts.model import Condition, FindingVerdict, Handling, Step, What
from alerts.refusals import ReportRefusal
from gengfu.core.naming import Bilingual

HANDLING: Mapping[Handling, Bilingual] = {
    Handling.NEW: Bilingual("新报警", "New"),
    Handling.NOTIFIED: Bilingual("已通知", "Notified"),
    Handling.RECEIVED: Bilingual("已送达", "Received"),
    Handling.ACKNOWLEDGED: Bilingual("已接警", "Taken"),
    Handling.EN_ROUTE: Bilingual("已出发", "On the way"),
    Handling.ARRIVED: Bilingual("已到场", "On site"),
    Handling.VERIFIED: Bilingual("已核实", "Verified"),
    Handling.CLOSED: Bilingual("已销警", "Closed"),
}
CONDITION: Mapping[Condition, Bilingual] = {
    Condition.ON: Bilingual("报警中", "On"),
    Condition.OFF: Bilingual("已恢复", "Back to normal"),
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
VERDICT: Mapping[FindingVerdict, Bilingual] = {
    FindingVerdict.REAL: Bilingual("属实", "Real"),
    FindingVerdict.FAULT: Bilingual("故障属实", "Real fault"),
    FindingVerdict.FALSE: Bilingual("误报", "False alarm"),
    FindingVerdict.TEST: Bilingual("测试", "Test"),
    FindingVerdict.MISUSE: Bilingual("误操作", "Misuse"),
    FindingVerdict.NOTHING_FOUND: Bilingual("未见异常", "Nothing found"),
    FindingVerdict.RESTORED_ITSELF: Bilingual("自行恢复", "Restored itself"),
}
WHAT: Mapping[What, Bilingual] = {
    What.OPENED: Bilingual("报警", "Opened"),
    What.OCCURRED: Bilingual("再次触发", "Occurred again"),
    What.RETURNED: Bilingual("恢复后再次报警", "Came back"),
    What.CLEARED: Bilingual("现场信号恢复", "Back to normal"),
    What.CLOSED: Bilingual("恢复后自动销警", "Closed by its rule"),
    What.LATE: Bilingual("迟到数据", "Late data"),
    What.NOTIFIED: Bilingual("通知已发出", "Notified"),
    What.GAVE_UP: Bilingual("通知未送达", "Notification given up"),
    What.TIMER: Bilingual("超时", "Time ran out"),
}
DUE: Mapping[Due, Bilingual] = {
    Due.UNACKNOWLEDGED: Bilingual("无人接警", "Nobody has taken it"),
    Due.NOT_ARRIVED: Bilingual("无人到场", "Nobody is on site"),
    Due.SHELF_ENDS: Bilingual("搁置到期", "Shelving ends"),
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
REPORT_REFUSAL: Mapping[ReportRefusal, Bilingual] = {
    ReportRefusal.NO_TEXT: Bilingual("须填写情况", "Say what happened"),
    ReportRefusal.NO_PLACE: Bilingual("须选择位置或设备", "Choose a place or equipment"),
    ReportRefusal.UNKNOWN_SITE: Bilingual("没有此项目", "There is no such site"),
    ReportRefusal.UNKNOWN_EQUIPMENT: Bilingual("台账中无此设备", "Not in the ledger: equipment"),
    ReportRefusal.UNKNOWN_PLACE: Bilingual("台账中无此位置", "Not in the ledger: place"),
    ReportRefusal.BAD_PRIORITY: Bilingual("优先级为 1 至 6", "Priority is 1 to 6"),
    ReportRefusal.KEY_REUSED: Bilingual("请求编号已用过", "This request number was used before"),
}
