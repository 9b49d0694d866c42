"""Answers that InfluxDB 1.6.7 and 2.9.1 were seen to give, and what they must be taken for."""

from datetime import UTC, datetime

import pytest

from ingest.store.answers import MAX_RETRY_AFTER_S, Outcome, read_answer, retry_after
from ingest.store.port import Refusal

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)

CONFLICT = 'field type conflict: input field "b" on measurement "m" is type integer, already exists as type float'


@pytest.mark.parametrize(
    ("status", "body", "outcome", "expired", "refusal"),
    [
        (204, "", Outcome.TAKEN, 0, None),
        (400, f'{{"error":"partial write: {CONFLICT} dropped=1"}}', Outcome.FAULTY, 0, None),
        (
            422,
            f'{{"code":"unprocessable entity","message":"failure writing points to database: partial write: {CONFLICT} dropped=1"}}',
            Outcome.FAULTY,
            0,
            None,
        ),
        (
            400,
            '{"error":"partial write: unable to parse \'m f=\': missing field value dropped=0"}',
            Outcome.FAULTY,
            0,
            None,
        ),
        (
            400,
            '{"code":"invalid","message":"unable to parse \'m f=\': missing field value"}',
            Outcome.FAULTY,
            0,
            None,
        ),
        (400, '{"error":"unable to parse \'m f=NaN\': invalid number"}', Outcome.FAULTY, 0, None),
        (400, '{"error":"unable to parse \'…\': time outside range"}', Outcome.FAULTY, 0, None),
        (
            400,
            '{"error":"partial write: points beyond retention policy dropped=3"}',
            Outcome.EXPIRED,
            3,
            None,
        ),
        (
            422,
            '{"message":"failure writing points to database: partial write: dropped 2 points outside retention policy of duration 24h0m0s"}',
            Outcome.EXPIRED,
            2,
            None,
        ),
        (400, '{"error":"database is required"}', Outcome.REFUSED, 0, Refusal.BROKEN),
        (401, '{"code":"unauthorized"}', Outcome.REFUSED, 0, Refusal.FORBIDDEN),
        (403, "{}", Outcome.REFUSED, 0, Refusal.FORBIDDEN),
        (
            404,
            '{"error":"database not found: \\"nosuch\\""}',
            Outcome.REFUSED,
            0,
            Refusal.MISSING,
        ),
        (
            404,
            '{"code":"not found","message":"bucket \\"nosuch\\" not found"}',
            Outcome.REFUSED,
            0,
            Refusal.MISSING,
        ),
        (
            404,
            '{"code":"not found","message":"no dbrp mapping found"}',
            Outcome.REFUSED,
            0,
            Refusal.MISSING,
        ),
        (400, '{"error":"unable to parse \'…\': value out of range"}', Outcome.FAULTY, 0, None),
        (413, "{}", Outcome.TOO_LARGE, 0, None),
        (429, "{}", Outcome.REFUSED, 0, Refusal.OVERLOADED),
        (500, '{"code":"internal error"}', Outcome.REFUSED, 0, Refusal.BROKEN),
        (503, "", Outcome.REFUSED, 0, Refusal.OVERLOADED),
        (302, "", Outcome.REFUSED, 0, Refusal.BROKEN),
    ],
)
def test_an_answer_is_misread(
    status: int, body: str, outcome: Outcome, expired: int, refusal: Refusal | None
) -> None:
    """Each answer has one meaning: taken, some lines bad, some too old, cut smaller, or wait."""
    answer = read_answer(status, body, {}, NOW)
    assert (answer.outcome, answer.expired, answer.refusal) == (outcome, expired, refusal)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("7", 7.0),
        ("0.5", 0.5),
        ("Fri, 20 Nov 2026 12:00:30 GMT", 30.0),
        ("Fri, 20 Nov 2026 11:00:00 GMT", None),
        ("1e9", MAX_RETRY_AFTER_S),
        ("-5", None),
        ("0", None),
        ("soon", None),
        ("nan", None),
        ("", None),
    ],
)
def test_an_odd_retry_after_stops_us(value: str | None, seconds: float | None) -> None:
    """Seconds and dates are honoured up to a limit; nonsense is none (F7)."""
    assert retry_after(value, NOW) == seconds
