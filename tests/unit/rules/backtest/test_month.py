"""A month in which devices behave as they do: late, twice, out of order, and sometimes not at all."""

import math
import random

from gengfu.core.clock import DAY
from rules.backtest.replay import Replay
from rules.engine import checkpoint
from rules.engine.step import begin, step
from rules.engine.verdict import Verdict
from rules.language.reader import read_rules
from tests.fakes.rule_scene import CLASSES, START, Scene, equipment
from tests.unit.rules.backtest.archive import ListArchive

HEAD = "severity: low, kind: maintenance, priority: 5, source: U test"
RULES = f"""
pack: m
rules:
  - {{id: hot, for: pump, when: bearing_temp > 80, hold: 15m, hysteresis: 5, title: {{zh: 热, en: "hot {{bearing_temp}}"}}, {HEAD}}}
  - {{id: mean, for: pump, when: "avg(bearing_temp, 16h) > 70", title: {{zh: 均, en: mean}}, {HEAD}}}
  - {{id: usual, for: pump, when: "held(bearing_temp > usual(bearing_temp) + 15, 30m)", title: {{zh: 常, en: usual}}, {HEAD}}}
  - {{id: wears, for: pump, let: {{days: "reaches(bearing_temp, 120, 10d)"}}, when: days < 40, clear: maybe(days > 50),
     title: {{zh: 磨, en: "{{days}} days"}}, {HEAD}}}
  - {{id: starts, for: pump, when: "count(run, 1d) >= 3", title: {{zh: 启, en: starts}}, {HEAD}}}
  - {{id: long, for: pump, when: "time_in(run, 12h) > 30000 or runtime(run) > 40000", title: {{zh: 久, en: long}}, {HEAD}}}
  - {{id: mute, for: pump, when: "no_data(bearing_temp, 100m)", title: {{zh: 缺, en: mute}}, {HEAD}}}
  - {{id: both, for: pump, per: building, when: "count(held(bearing_temp > 75, 20m), building) >= 2", title: {{zh: 双, en: both}}, {HEAD}}}
  - {{id: night, for: pump, when: run, during: 22:00-06:00, title: {{zh: 夜, en: night}}, {HEAD}}}
  - {{id: lost, for: pump, when: not online, no_data: 3h, title: {{zh: 失联, en: lost}}, {HEAD}}}
"""
PUMPS = [equipment(f"p{n}", "pump") for n in range(2)]


def month(seed: int) -> Scene:
    """Say every hour what two pumps say; one in ten is late, one in ten is said twice."""
    source = random.Random(seed)
    scene = Scene(PUMPS, {"m.yaml": RULES})
    silent = dict.fromkeys(range(2), 0)
    for number in range(30 * 24):
        day = number / 24
        for pump in range(2):
            if silent[pump] > number or source.random() < 0.05:
                continue
            if source.random() < 0.002:
                silent[pump] = number + source.randrange(8)
            warm = 55 + 10 * math.sin(day * 2 * math.pi) + pump * 1.2 * day + source.gauss(0, 3)
            value = None if source.random() < 0.01 else round(warm + 25 * (day % 7 > 6.8), 1)
            ago = source.choice([0, 0, 0, 0, 0, 0, 0, 0, 30, 900])
            told = {
                "bearing_temp": value,
                "run": math.sin(number / (1 + pump)) > 0,
                "online": source.random() > 0.01,
            }
            for _ in range(1 + (source.random() < 0.1)):
                scene.says(f"p{pump}", told, ago=ago)
        scene.tick(3600)
    return scene


def test_live_restarted_and_replayed_say_the_same() -> None:
    """Verdict for verdict: live with a restart every few days, and the archive played afterwards."""
    scene = month(11)
    cuts = set(random.Random(12).sample(range(len(scene.records)), 8))
    state, live = begin(CLASSES), list[Verdict]()
    for number, record in enumerate(scene.records):
        if number in cuts:
            state = checkpoint.decode(checkpoint.encode(state), CLASSES)
        state, verdicts = step(
            state, record.body(), position=record.position, now=record.written_at
        )
        live.extend(verdicts)
    heard: list[Verdict] = []
    replay = Replay(
        ListArchive(scene.records), CLASSES, start=START, end=START + 31 * DAY, hear=heard.extend
    )
    replay.run()
    assert heard == live
    assert {one.rule for one in live} == {
        rule.id for rule in read_rules({"m.yaml": RULES}, CLASSES)
    }
    assert len(live) > 60
    assert scene.now - START == 30 * DAY
