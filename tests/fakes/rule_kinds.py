"""A rule of every kind and the equipment they are for: what tests of the engine play with."""

from tests.fakes.rule_scene import Scene, equipment

RULES = """
pack: t
rules:
  - {id: hot, for: elevator, when: motor_temp > 80, hold: 10s, clear: motor_temp < 70, clear_hold: 5s,
     severity: high, kind: maintenance, priority: 4, title: {zh: "热 {motor_temp}", en: "hot {motor_temp}"}, source: U test}
  - {id: flag, for: elevator, when: fault, severity: low, kind: maintenance, priority: 5, title: {zh: 旗, en: flag}, source: U test}
  - {id: silent, for: elevator, no_data: 30s, severity: low, kind: system, priority: 6, title: {zh: 静, en: silent}, source: U test}
  - {id: stuck, for: elevator, when: not door_zone and maybe(occupied), hold: 5s, severity: critical, kind: life_safety,
     priority: 2, latched: true, title: {zh: 困, en: stuck}, source: U test}
  - {id: mean, for: elevator, when: "avg(motor_temp, 15s) > 60", severity: low, kind: maintenance, priority: 5,
     title: {zh: 均, en: mean}, source: U test}
  - {id: learned, for: elevator, when: "zscore(speed, 15s) > 4 or baseline(speed) > 9 or max(speed, 15s) - min(speed, 15s) > 8",
     severity: low, kind: maintenance, priority: 5, title: {zh: 学, en: learned}, source: U test}
  - {id: moved, for: elevator, when: "previous(door) == closed and since(door) < 3 and change(speed, 15s) > 0", severity: low,
     kind: maintenance, priority: 5, title: {zh: 动, en: moved}, source: U test}
  - {id: alarm, for: fire_panel, event: {event: fire}, subject: part, clear: [{event: reset}, {action: reset}], severity: critical,
     kind: life_safety, priority: 1, latched: true, title: {zh: 火 {part}, en: fire {part}}, source: S test}
  - {id: many, for: fire_panel, event: {event: fault}, count: 3 within 20s, clear_hold: 10s, severity: low, kind: maintenance,
     priority: 5, title: {zh: 多, en: many}, source: U test}
  - {id: lost, for: door_controller, when: not online, hold: 3s, no_data: 20s, children: true, severity: high, kind: system,
     priority: 4, title: {zh: 失联, en: lost}, source: U test}
  - {id: lasting, for: elevator, when: "held(fault, 7s) or time_in(door == open, 30s) > 9 or count(motor_temp > 60, 45s) >= 2",
     severity: low, kind: maintenance, priority: 5, title: {zh: 久, en: lasting}, source: U test}
  - {id: steady, for: elevator, when: "held(not door_zone, 8s) or held(avg(speed, 15s) > 5, 4s)", severity: critical, kind: life_safety,
     priority: 2, title: {zh: 稳, en: steady}, source: U test}
  - {id: deaf, for: elevator, when: "no_data(motor_temp, 20s) or runtime(fault) > 25", severity: low, kind: maintenance,
     priority: 5, title: {zh: 聋, en: deaf}, source: U test}
  - {id: noisy, for: fire_panel, when: "count(fault, 30s) >= 2", severity: low, kind: maintenance, priority: 5, title: {zh: 吵, en: noisy}, source: U test}
  - {id: open, for: door, when: contact == open, hold: 5s, severity: low, kind: security, priority: 4, title: {zh: 开, en: open}, source: U test}
""".replace("zh: 火 {part}, en: fire {part}", 'zh: "火 {part}", en: "fire {part}"')
FILES = {"t.yaml": RULES}
ESTATE = (
    equipment("lift", "elevator"),
    equipment("panel", "fire_panel"),
    equipment("ctl", "door_controller"),
    equipment("door", "door", "ctl"),
)


def scene() -> Scene:
    """Return a scene with one equipment of each kind under these rules."""
    return Scene(ESTATE, FILES)
