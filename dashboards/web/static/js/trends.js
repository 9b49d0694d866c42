// The equipment page: the ribbon of operating states and the trends, on one axis with one zoom.
import uPlot from "../vendor/uplot.js";
import { now, zone } from "./ages.js";
import { words } from "./words.js";

const SPANS = { "1h": 3600e3, "6h": 6 * 3600e3, "24h": 86400e3, "7d": 7 * 86400e3 };
const RAW_BELOW_MS = 3600e3;
const BUCKETS = 360;
const AXIS_PX = 56;
const HEIGHT_PX = 120;
const SVG = "http://www.w3.org/2000/svg";

const board = document.querySelector("[data-trends]");
const equipment = board.dataset.equipment;
const whole = () => { const end = now(); return [end - SPANS[board.dataset.period], end]; };
const lanes = [];
const cursor = uPlot.sync("axis");
let shown = whole();
let states = [];
let alerts = [];

const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const address = (path, query) => `/api/v1/equipment/${equipment}/${path}?${new URLSearchParams(query)}`;

async function ask(path, query) {
  const answer = await fetch(address(path, query), { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(`${answer.status}`);
  return answer.json();
}

/** Means and bands when the period is long, else the values themselves; gaps stay gaps. */
async function load(point, [from, to]) {
  const step = to - from > RAW_BELOW_MS ? Math.max(1, Math.ceil((to - from) / BUCKETS / 1000)) : 0;
  const query = { point, from: Math.floor(from), to: Math.ceil(to), ...(step ? { step: `${step}s` } : {}) };
  const trend = await ask("readings", query);
  return withGaps(trend, step * 1000);
}

/** A gap is one beside its neighbours: what tells a value every quarter of an hour is a line, not dots. */
function withGaps({ times, values, min, max }, step) {
  const waits = times.slice(1).map((at, i) => at - times[i]);
  const usual = (i) => {
    const near = waits.slice(Math.max(0, i - 4), i + 5);
    return near.length > 2 ? Math.max(step, median(near)) : step; // of two values nobody knows what is usual
  };
  const columns = [[], [], [], []];
  times.forEach((at, i) => {
    if (i && at - times[i - 1] > Math.max(usual(i - 1) * 4, 15000)) {
      [(at + times[i - 1]) / 2000, null, null, null].forEach((value, c) => columns[c].push(value));
    }
    [at / 1000, values[i], min ? min[i] : values[i], max ? max[i] : values[i]].forEach((value, c) => columns[c].push(value));
  });
  return columns;
}

const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;

function options(lane) {
  const line = () => token("--line");
  const axis = { stroke: () => token("--muted"), grid: { stroke: line, width: 1 }, ticks: { show: false }, font: "12px system-ui" };
  return {
    width: lane.chart.clientWidth,
    height: HEIGHT_PX,
    tzDate: (at) => uPlot.tzDate(new Date(at * 1000), zone),
    legend: { show: false },
    padding: [8, 0, 0, 0],
    cursor: { sync: { key: cursor.key }, drag: { x: true, y: false, setScale: false }, points: { size: 6 }, y: false },
    scales: { x: { time: true }, y: { range: (_plot, low, high) => padded(low, high) } },
    axes: [
      { ...axis, values: clock, size: 24, space: 80 },
      { ...axis, size: AXIS_PX, space: 26 },
    ],
    bands: [{ series: [3, 2], fill: () => token("--band") }],
    series: [
      {},
      { stroke: () => token("--text"), width: 1.25, points: { show: true, filter: alone, size: 4, fill: () => token("--text") }, paths: lane.steps ? uPlot.paths.stepped({ align: 1 }) : undefined },
      { stroke: "transparent", points: { show: false } },
      { stroke: "transparent", points: { show: false } },
    ],
    hooks: {
      drawClear: [shadeAlerts],
      setSelect: [(plot) => plot.select.width > 4 && zoom(plot.posToVal(plot.select.left, "x") * 1000, plot.posToVal(plot.select.left + plot.select.width, "x") * 1000)],
      setCursor: [(plot) => read(lane, plot)],
      ready: [(plot) => plot.over.addEventListener("dblclick", () => zoom(...whole()))],
    },
  };
}

/** A reading with a gap on both sides makes no line: it is a dot. */
const alone = (plot, series) => {
  const values = plot.data[series];
  const missing = (value) => value === null || value === undefined;
  return values.flatMap((value, i) => (!missing(value) && missing(values[i - 1]) && missing(values[i + 1]) ? [i] : []));
};

const padded = (low, high) => {
  if (low === null) return [0, 1];
  const room = (high - low || Math.abs(high) || 1) * 0.1;
  return [low - room, high + room];
};

/** Times of day; where a day begins, its date. */
function clock(_plot, splits, _index, _space, step) {
  const write = (parts) => new Intl.DateTimeFormat(document.documentElement.lang, { timeZone: zone, hourCycle: "h23", ...parts });
  const time = write({ hour: "2-digit", minute: "2-digit", second: step < 60 ? "2-digit" : undefined });
  const day = write({ month: "2-digit", day: "2-digit" });
  return splits.map((at) => {
    const text = time.format(at * 1000);
    return /^00:00(:00)?$/.test(text) ? day.format(at * 1000) : text;
  });
}

/** While an alert's condition was on, its ground is shaded: cause and consequence on one axis. */
function shadeAlerts(plot) {
  const { ctx } = plot;
  const { left, top, width, height } = plot.bbox;
  ctx.save();
  for (const alert of alerts) {
    const from = Math.max(plot.valToPos(Date.parse(alert.condition_since) / 1000, "x", true), left);
    const end = alert.cleared_at ?? alert.closed_at;
    const to = Math.min(plot.valToPos((end ? Date.parse(end) : now()) / 1000, "x", true), left + width);
    if (to <= from) continue;
    ctx.globalAlpha = 0.14;
    ctx.fillStyle = token(`--${alert.severity}`);
    ctx.fillRect(from, top, Math.max(2, to - from), height);
  }
  ctx.restore();
}

async function loadAlerts() {
  const answer = await fetch(`/api/v1/alerts?${new URLSearchParams({ state: "all", equipment, limit: 50 })}`).catch(() => null);
  if (!answer?.ok) return;
  alerts = (await answer.json()).alerts;
  for (const lane of lanes) lane.plot?.redraw(false);
}

function read(lane, plot) {
  const index = plot.cursor.idx;
  const value = index === null || index === undefined ? null : plot.data[1][index];
  if (value === null || value === undefined) { lane.reading.textContent = ""; return; }
  const at = new Date(plot.data[0][index] * 1000).toLocaleTimeString(document.documentElement.lang, { hour12: false, timeZone: zone });
  const text = typeof value === "number" ? value.toFixed(lane.digits) : value;
  lane.reading.textContent = `${at}  ${text}${lane.unit ? `\u2009${lane.unit}` : ""}`;
}

function note(lane, text) {
  lane.chart.querySelector(".note")?.remove();
  if (!text) return;
  const element = document.createElement("p");
  element.className = "note";
  element.textContent = text;
  lane.chart.append(element);
}

async function draw(lane) {
  if (lane.element.open === false) return;
  const wanted = shown;
  try {
    const columns = await load(lane.point, wanted);
    if (wanted !== shown) return;
    if (!lane.plot) lane.plot = new uPlot(options(lane), columns, lane.chart);
    else lane.plot.setData(columns, false);
    lane.plot.setScale("x", { min: wanted[0] / 1000, max: wanted[1] / 1000 });
    note(lane, columns[0].length ? "" : words.noData);
  } catch {
    note(lane, words.failed);
  }
}

function drawRibbon() {
  const box = board.querySelector("[data-ribbon]");
  const width = Math.max(1, box.clientWidth - AXIS_PX);
  const [from, to] = shown;
  const svg = document.createElementNS(SVG, "svg");
  svg.innerHTML = '<defs><pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><path d="M0 0V6" stroke-width="2"/></pattern></defs>';
  for (const { state, start, end } of states) {
    const left = Math.max(from, Date.parse(start));
    const right = Math.min(to, end ? Date.parse(end) : now());
    if (right <= left) continue;
    const piece = document.createElementNS(SVG, "rect");
    piece.setAttribute("class", state);
    piece.setAttribute("x", AXIS_PX + ((left - from) / (to - from)) * width);
    piece.setAttribute("width", Math.max(1, ((right - left) / (to - from)) * width));
    piece.setAttribute("y", state === "standby" ? 12 : 4);
    piece.setAttribute("height", state === "standby" ? 8 : 24);
    svg.append(piece);
  }
  box.replaceChildren(svg);
}

async function loadStates() {
  const [from, to] = shown;
  try { states = await ask("states", { from: Math.floor(from), to: Math.ceil(to) }); } catch { states = []; }
  drawRibbon();
}

function zoom(from, to) {
  shown = [from, to];
  loadStates();
  for (const lane of lanes) draw(lane);
}

for (const element of board.querySelectorAll("[data-point]")) {
  const lane = {
    element,
    point: element.dataset.point,
    unit: element.dataset.unit,
    digits: Number(element.dataset.digits),
    steps: element.dataset.steps === "true",
    chart: element.querySelector("[data-chart]"),
    reading: element.querySelector("[data-cursor]"),
    plot: null,
  };
  lanes.push(lane);
  element.addEventListener("toggle", () => draw(lane));
}

new ResizeObserver(() => {
  drawRibbon();
  for (const lane of lanes) lane.plot?.setSize({ width: lane.chart.clientWidth, height: HEIGHT_PX });
}).observe(board);
document.addEventListener("gengfu:alert", loadAlerts);
document.addEventListener("gengfu:theme", () => lanes.forEach((lane) => lane.plot?.redraw()));
const isWhole = () => shown[1] > now() - 30000;
setInterval(() => { if (isWhole() && !document.hidden) zoom(...whole()); }, 15000);
loadAlerts();
zoom(...shown);
