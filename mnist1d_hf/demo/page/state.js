// What the page shows, and the same in its address: `#digit=6&seed=11&shuffle_seq=1` names what differs from the start.
// An address comes from anybody, so each field takes only what it knows; anything else is as if it were not there.

import { getData } from "./data.js";

/** Returns the names of the tabs, in order. */
export function tabNames() {
  return ["shape", "beat", "harder", "results"];
}

/** Returns how many questions a round of the quiz may have. */
export function roundLengths() {
  return [10, 20, 100];
}

/** Returns the parameters of Table 2 that have a slider, as fields of the state. */
export function rangeNames() {
  return [
    "padding_low",
    "padding_high",
    "scale_coeff",
    "max_translation",
    "corr_noise_scale",
    "iid_noise_scale",
    "shear_scale",
  ];
}

/** The values of one digit that have a slider. */
function ownNames() {
  return ["padding", "scale", "shift", "shear", "noise"];
}

/** Returns the fields of a digit that is as its seed draws it. */
export function nothingOwn() {
  return { padding: null, scale: null, shift: null, shear: null, noise: 1 };
}

/** Returns the ranges of the sliders of one digit. Padding and shift end where those of other digits do. */
export function ownRanges(state) {
  const { padding, scale, translation, shear } = getData().draw_ranges;
  return {
    padding: { ...padding, low: state.padding_low, high: state.padding_high },
    scale,
    shift: { ...translation, high: state.max_translation - 1 },
    shear,
    noise: { low: 0, high: 3, step: 0.01 },
  };
}

/** Puts a value on the steps of a range. */
export function onStep(value, { low, high, step }) {
  const inside = Math.min(Math.max(value, low), high);
  const steps = Math.round((inside - low) / step);
  return Number((low + steps * step).toFixed(6));
}

/** Returns what reads each field of an address: a function from text to a value, undefined if it is none. */
function readers() {
  const { ranges } = getData();
  const readRange = (name) => [name, number(ranges[name])];
  const widest = ownRanges({
    padding_low: 0,
    padding_high: ranges.padding_high.high,
    max_translation: ranges.max_translation.high,
  });
  return {
    tab: oneOf(tabNames()),
    digit: whole(9),
    seed: whole(2 ** 32 - 1),
    shuffle_seq: (text) => [false, true][["0", "1"].indexOf(text)],
    ...Object.fromEntries(rangeNames().map(readRange)),
    ...Object.fromEntries(ownNames().map((name) => [name, number(widest[name])])),
    questions: oneOf(roundLengths()),
    vary: oneOf(rangeNames().filter((name) => name !== "padding_low")),
  };
}

function oneOf(values) {
  return (text) => values.find((value) => String(value) === text);
}

function whole(most) {
  return (text) => (/^\d{1,10}$/.test(text) && Number(text) <= most ? Number(text) : undefined);
}

function number(range) {
  return (text) => {
    const isInside = /^\d{1,4}(\.\d{1,6})?$/.test(text) && range.low <= Number(text) && Number(text) <= range.high;
    return isInside ? onStep(Number(text), range) : undefined;
  };
}

/** The state of an address that says nothing. */
export function initialState() {
  const { padding, ...others } = getData().parameters;
  const ranges = { ...others, padding_low: padding[0], padding_high: padding[1] };
  return {
    tab: "shape",
    digit: 2,
    seed: 5,
    shuffle_seq: false,
    ...Object.fromEntries(rangeNames().map((name) => [name, ranges[name]])),
    ...nothingOwn(),
    questions: 10,
    vary: "iid_noise_scale",
  };
}

/** Returns the state that an address names; any text will do. */
export function readAddress(hash) {
  const given = new URLSearchParams(hash.replace(/^#/, ""));
  const state = initialState();
  for (const [name, read] of Object.entries(readers())) {
    const value = given.has(name) ? read(given.get(name)) : undefined;
    if (value !== undefined) state[name] = value;
  }
  if (state.padding_low > state.padding_high) {
    const { padding_low, padding_high } = initialState();
    Object.assign(state, { padding_low, padding_high });
  }
  return state;
}

/** Returns the address of a state. */
export function writeAddress(state) {
  const beginning = initialState();
  const differing = Object.entries(state).filter(([name, value]) => value !== beginning[name] && value !== null);
  const text = ([name, value]) => `${name}=${typeof value === "boolean" ? Number(value) : value}`;
  return differing.length ? `#${differing.map(text).join("&")}` : "#";
}

/** Returns the parameters that a state names, by the names of Table 2. */
export function parametersOf(state) {
  const { padding_low, padding_high } = state;
  const scales = rangeNames().filter((name) => !name.startsWith("padding"));
  return {
    ...getData().parameters,
    padding: [padding_low, padding_high],
    ...Object.fromEntries(scales.map((name) => [name, state[name]])),
    shuffle_seq: state.shuffle_seq,
  };
}

let current = null;
let listener = null;

/** Returns the state; it is replaced, never changed. */
export function getState() {
  return current;
}

/** Changes some fields, writes the address, and shows it. */
export function setState(changes) {
  current = { ...current, ...changes };
  // A browser may refuse when a slider is moved for long; the next change writes it.
  try {
    history.replaceState(null, "", writeAddress(current));
  } catch {
    // The page is as usable without.
  }
  listener(current);
}

/** Begins with the state of the address, follows it, and calls `show` with every state. */
export function followAddress(show) {
  const follow = () => {
    current = readAddress(location.hash);
    show(current);
  };
  listener = show;
  addEventListener("hashchange", follow);
  follow();
}
