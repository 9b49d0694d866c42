"""What the embedded broker writes into the log while nobody takes its messages."""

import logging
import sys

import pytest

from gateway.embedded import _hush


def test_every_message_that_waits_is_a_traceback(caplog: pytest.LogCaptureFixture) -> None:
    """Timeouts are not told, any other failure is."""
    _hush()
    broker = logging.getLogger("amqtt.broker")
    for trouble in (TimeoutError("no PUBACK"), ValueError("something new")):
        try:
            raise trouble
        except (TimeoutError, ValueError):
            broker.error("Task failed", exc_info=sys.exc_info())
    told = [one.exc_info[1] for one in caplog.records if one.exc_info]
    assert [str(one) for one in told] == ["something new"]
