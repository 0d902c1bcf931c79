// The tab "Make it harder": how many new digits each network names rightly, over one parameter. A worker measures.

import { getData } from "./data.js";
import { curve, dot, element, percent, picture } from "./drawing.js";
import { parameterLabel } from "./shape.js";
import { configOf } from "./trained.js";
import { getState, initialState, setState } from "./state.js";

/** Digits at each value, and the number of values. */
const DIGITS = 100;
const VALUES = 9;

/** Height of the chart in pixels, and of a line of its labels. */
const HEIGHT = 320;
const LABEL = 19;

const VARIED = ["iid_noise_scale", "corr_noise_scale", "scale_coeff", "shear_scale", "max_translation", "padding_high"];

let worker = null;
let sweep = null;

/** Builds what does not change, and listens. */
export function startHarder() {
  const options = VARIED.map((name) => element("option", { value: name }, parameterLabel(name)));
  const vary = document.getElementById("vary");
  vary.append(...options);
  vary.addEventListener("change", () => setState({ vary: vary.value }));
  const shuffle = document.getElementById("harder-shuffle");
  shuffle.addEventListener("change", () => setState({ shuffle_seq: shuffle.checked }));
  document.getElementById("measure").addEventListener("click", () => (sweep?.isRunning ? stop() : measure(getState())));
}

/** Shows the sweep of a state; a new one begins at once. */
export function renderHarder(state) {
  document.getElementById("vary").value = state.vary;
  document.getElementById("harder-shuffle").checked = state.shuffle_seq;
  if (sweep?.key !== keyOfSweep(state)) measure(state);
}

function keyOfSweep({ vary, shuffle_seq }) {
  return `${vary} ${shuffle_seq}`;
}

/** Returns evenly spaced values of a parameter, over the range of its slider. */
function valuesOf(name) {
  const { low, high, step } = getData().ranges[name];
  const least = name === "padding_high" ? getData().parameters.padding[0] : low;
  const values = Array.from({ length: VALUES }, (_, index) => least + ((high - least) * index) / (VALUES - 1));
  return values.map((value) => (Number.isInteger(step) ? Math.round(value) : Number(value.toFixed(4))));
}

/** Returns what the worker varies, by the names of Table 2, where both ends of the padding are one parameter. */
function requestOf({ vary, shuffle_seq }, values) {
  const [low] = getData().parameters.padding;
  const isPadding = vary === "padding_high";
  return {
    parameter: isPadding ? "padding" : vary,
    values: isPadding ? values.map((high) => [low, high]) : values,
    parameters: { ...getData().parameters, shuffle_seq },
    config: configOf(shuffle_seq),
    seed: 0,
    digits: DIGITS,
  };
}

/** Returns a worker that has what it needs of the data. */
function newWorker() {
  const text = document.getElementById("worker").textContent;
  const address = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  const made = new Worker(address);
  URL.revokeObjectURL(address);
  made.postMessage({ data: { ...getData(), test: null, human: null, results: null } });
  return made;
}

function measure(state) {
  worker?.terminate();
  worker = newWorker();
  const values = valuesOf(state.vary);
  sweep = { key: keyOfSweep(state), vary: state.vary, values, accuracies: [], isRunning: true };
  worker.addEventListener("message", ({ data }) => {
    if (data.done) sweep.isRunning = false;
    else sweep.accuracies[data.index] = data.accuracy;
    showSweep();
  });
  worker.postMessage(requestOf(state, values));
  showSweep();
}

function stop() {
  worker.terminate();
  sweep.isRunning = false;
  showSweep();
}

function showSweep() {
  const measured = sweep.accuracies.filter(Boolean).length;
  const chart = document.getElementById("chart");
  document.getElementById("measure").textContent = sweep.isRunning ? "Stop" : "Measure again";
  document.getElementById("progress-harder").textContent = sweep.isRunning
    ? `Measuring: ${measured} of ${VALUES} values, ${DIGITS} digits each …`
    : finding();
  chart.dataset.measured = measured;
  chart.dataset.running = sweep.isRunning;
  chart.replaceChildren(...chartOf(linesOf()));
  document.getElementById("chart-table").replaceChildren(tableOf());
}

/** Returns the measured points of each network. */
function linesOf() {
  return getData().models.map(({ name, title }) => ({
    name,
    title,
    values: sweep.values.map((_, index) => sweep.accuracies[index]?.[name]),
  }));
}

/** Says in one sentence what came out. */
function finding() {
  const lines = linesOf().filter(({ values }) => values[0] !== undefined && values.at(-1) !== undefined);
  const cnn = lines.find(({ name }) => name === "cnn");
  const mlp = lines.find(({ name }) => name === "mlp");
  if (!cnn || !mlp) return "Stopped.";
  const [from, to] = [sweep.values[0], sweep.values.at(-1)].map(shortNumber);
  const path = ({ title, values }) => `the ${title} goes from ${percent(values[0])} to ${percent(values.at(-1))}`;
  const what = `${parameterLabel(sweep.vary)} from ${from} to ${to}`;
  return `${what}: ${path(cnn)}, ${path(mlp)}. A guess would be right in ${percent(0.1)}.`;
}

function shortNumber(value) {
  return Number.isInteger(value) ? String(value) : value.toFixed(2);
}

function chartOf(lines) {
  const across = (index) => 0.012 + (0.976 * index) / (VALUES - 1);
  const down = (fraction) => 1 - fraction;
  const drawn = lines.flatMap(({ name, values }) => {
    const points = values.flatMap((value, index) => (value === undefined ? [] : [[across(index), down(value)]]));
    const dots = points.map(([x, y]) => dot(x, y, `dot ${name}`));
    return points.length ? [curve(points, `line ${name}`), ...dots] : [];
  });
  const grid = [0, 0.25, 0.5, 0.75, 1].map((fraction) =>
    curve(
      [
        [0, down(fraction)],
        [1, down(fraction)],
      ],
      "grid",
    ),
  );
  const marks = [0, 0.5, 1].map((fraction) =>
    element("span", { style: `top: ${100 * down(fraction)}%` }, percent(fraction)),
  );
  const ticks = [0, (VALUES - 1) / 2, VALUES - 1].map((index) =>
    element("span", { style: `left: ${100 * across(index)}%` }, shortNumber(sweep.values[index])),
  );
  const label = `Accuracy of each network over ${parameterLabel(sweep.vary)}; the table below holds the numbers`;
  return [
    element("p", { class: "note" }, "Right answers"),
    element(
      "div",
      { class: "chart" },
      element("div", { class: "marks", "aria-hidden": "true" }, ...marks),
      element("div", { class: "plot-area" }, picture(label, ...grid, usualLine(across), ...drawn)),
      element("div", { class: "names", "aria-hidden": "true" }, ...namesOf(lines)),
      element("div", { class: "ticks", "aria-hidden": "true" }, ...ticks),
    ),
    element(
      "p",
      { class: "note centred" },
      `${parameterLabel(sweep.vary)}. Dashed: what the networks were trained with, ${shortNumber(usualValue())}.`,
    ),
  ];
}

function usualValue() {
  return initialState()[sweep.vary];
}

function usualLine(across) {
  const [first, last] = [sweep.values[0], sweep.values.at(-1)];
  const x = across(((usualValue() - first) / (last - first)) * (VALUES - 1));
  return curve(
    [
      [x, 0],
      [x, 1],
    ],
    "usual",
  );
}

/** Returns the names beside the ends of the lines, moved apart where they would overlap. */
function namesOf(lines) {
  const ends = lines
    .map(({ name, title, values }) => ({
      name,
      title,
      top: HEIGHT * (1 - (values.findLast((value) => value !== undefined) ?? 0)),
    }))
    .sort((one, other) => one.top - other.top);
  for (let index = 1; index < ends.length; index++)
    ends[index].top = Math.max(ends[index].top, ends[index - 1].top + LABEL);
  let lowest = HEIGHT;
  for (const end of ends.reverse()) {
    end.top = Math.min(end.top, lowest);
    lowest = end.top - LABEL;
  }
  return ends.map(({ name, title, top }) => element("span", { class: name, style: `top: ${top.toFixed(1)}px` }, title));
}

function tableOf() {
  const lines = linesOf();
  const head = lines.map(({ name, title }) => element("th", { scope: "col", class: name }, element("span", {}, title)));
  const rows = sweep.values.map((value, index) =>
    element(
      "tr",
      {},
      element("th", { scope: "row" }, shortNumber(value)),
      ...lines.map(({ values }) =>
        element("td", {}, values[index] === undefined ? "…" : (100 * values[index]).toFixed(0)),
      ),
    ),
  );
  return element(
    "table",
    { class: "sweep" },
    element("caption", {}, `Right answers in %, of ${DIGITS} digits at each value`),
    element("thead", {}, element("tr", {}, element("th", { scope: "col" }, parameterLabel(sweep.vary)), ...head)),
    element("tbody", {}, ...rows),
  );
}
