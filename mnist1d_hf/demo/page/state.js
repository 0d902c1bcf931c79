// What the page shows, and the same in its address: `#digit=6&seed=11&shuffle_seq=1` names what differs from the beginning.
// An address comes from anybody, so each field takes only what it knows; anything else is as if it were not there.

import { getData } from "./data.js";

/** The tabs, in order. */
export function tabNames() {
  return ["shape", "beat", "harder", "results"];
}

/** The lengths of a round of the quiz. */
export function roundLengths() {
  return [10, 20, 100];
}

/** The parameters of Table 2 that have a slider, as fields of the state. */
export function rangeNames() {
  return [
    "padding_low", "padding_high", "scale_coeff", "max_translation", "corr_noise_scale", "iid_noise_scale", "shear_scale",
  ];
}

/** The sliders of one digit: least, most and step; null is what the seed draws. */
export function ownRanges(state) {
  return {
    padding: { low: state.padding_low, high: state.padding_high, step: 0.1 },
    scale: { low: 0, high: 1, step: 0.01 },
    shift: { low: 0, high: state.max_translation - 1, step: 0.1 },
    shear: { low: 0, high: 1, step: 0.01 },
    noise: { low: 0, high: 3, step: 0.02 },
  };
}

/** Put a value on the steps of a range. */
export function onStep(value, { low, high, step }) {
  const inside = Math.min(Math.max(value, low), high);
  const steps = Math.round((inside - low) / step);
  return Number((low + steps * step).toFixed(6));
}

/** The name of a field in the address with what reads it: text -> value, undefined if it is not one. */
function readers() {
  const { ranges } = getData();
  const readRange = (name) => [name, number(ranges[name])];
  return {
    tab: oneOf(tabNames()),
    digit: whole(9),
    seed: whole(2 ** 32 - 1),
    shuffle_seq: (text) => ({ 0: false, 1: true })[text],
    ...Object.fromEntries(rangeNames().map(readRange)),
    padding: number({ low: 0, high: ranges.padding_high.high, step: 0.1 }),
    scale: number({ low: 0, high: 1, step: 0.01 }),
    shift: number({ low: 0, high: ranges.max_translation.high - 1, step: 0.1 }),
    shear: number({ low: 0, high: 1, step: 0.01 }),
    noise: number({ low: 0, high: 3, step: 0.02 }),
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
    digit: 3,
    seed: 0,
    shuffle_seq: false,
    ...Object.fromEntries(rangeNames().map((name) => [name, ranges[name]])),
    padding: null,
    scale: null,
    shift: null,
    shear: null,
    noise: 1,
    questions: 10,
    vary: "iid_noise_scale",
  };
}

/** Return the state that an address names; any text will do. */
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

/** Return the address of a state. */
export function writeAddress(state) {
  const beginning = initialState();
  const differing = Object.entries(state).filter(([name, value]) => value !== beginning[name] && value !== null);
  const text = ([name, value]) => `${name}=${typeof value === "boolean" ? Number(value) : value}`;
  return differing.length ? `#${differing.map(text).join("&")}` : "#";
}

/** Return the parameters that a state names, by the names of Table 2. */
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

/** Return the state; it is replaced, never changed. */
export function getState() {
  return current;
}

/** Change some fields, write the address, and show it. */
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

/** Begin with the state of the address, follow it, and call `show` with every state. */
export function followAddress(show) {
  const follow = () => {
    current = readAddress(location.hash);
    show(current);
  };
  listener = show;
  addEventListener("hashchange", follow);
  follow();
}
