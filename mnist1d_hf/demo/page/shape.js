// The tab "Shape a digit": one digit, how it is made, and what the networks say.

import { getData } from "./data.js";
import { constructionSteps, drawExample, shuffled, standardised } from "./generator.js";
import { configOf, networksOf } from "./trained.js";
import { argmax, softmax } from "./tensors.js";
import { curve, element, inWords, listing, lying, mark, percent, picture, spoken, upright } from "./drawing.js";
import { nothingOwn, getState, initialState, onStep, ownRanges, parametersOf, rangeNames, setState } from "./state.js";

const OWN_SLIDERS = [
  { name: "padding", label: "Padding", hint: "more zeros, shorter digit", show: (value) => value.toFixed(1) },
  {
    name: "scale",
    label: "Scale",
    hint: "how far it swings",
    show: (value, state) => `× ${scaleFactor(value, state).toFixed(2)}`,
  },
  { name: "shift", label: "Shift", hint: "where it starts", show: (value) => value.toFixed(1) },
  { name: "shear", label: "Shear", hint: "how it tilts", show: (value, state) => signed(slope(value, state)) },
  { name: "noise", label: "Noise", hint: "how rough it is", show: (value) => `× ${value.toFixed(2)}` },
];

const RANGE_SLIDERS = {
  padding_low: "Padding, least",
  padding_high: "Padding, most",
  scale_coeff: "Scale, spread",
  max_translation: "Shift, places",
  corr_noise_scale: "Smooth noise in the padding",
  iid_noise_scale: "Noise at each point",
  shear_scale: "Shear, spread",
};

const STEP_TEXTS = {
  template: () => "12 points, drawn by hand",
  padded: ({ draws }) => `${Number(draws.padding.toFixed(1))} zeros follow`,
  dilated: ({ length }) => `stretched to ${length} points`,
  scaled: ({ state, draws }) => `times ${scaleFactor(draws.scale, state).toFixed(2)}`,
  translated: ({ draws }) => `moved on by ${Number(draws.translation.toFixed(1))}`,
  "with noise": () => "smooth where there was padding, fine everywhere",
  sheared: ({ state, draws }) => `tilted by ${signed(slope(draws.shear, state))}`,
  "down-sampled": ({ points }) => `${points} points are left`,
  standardised: () => "mean 0 and spread 1 over all digits",
  shuffled: ({ state }) => (state.shuffle_seq ? "in one fixed new order" : "not done here"),
};

function scaleFactor(draw, state) {
  return 1 + state.scale_coeff * (draw - 0.5);
}

function slope(draw, state) {
  return -state.shear_scale * (draw - 0.5);
}

function signed(value) {
  const text = Math.abs(value).toFixed(2);
  return Number(text) === 0 ? text : `${value < 0 ? "−" : "+"}${text}`;
}

/** Returns the label of a parameter of Table 2. */
export function parameterLabel(name) {
  return RANGE_SLIDERS[name];
}

/** Returns parameters and draws of the digit that a state names. */
function recipeOf(state) {
  const parameters = parametersOf(state);
  const drawn = drawExample(parameters, state.seed);
  const noisier = (name) => Number((parameters[name] * state.noise).toPrecision(12));
  const ranges = ownRanges(state);
  const own = (name, value) => (state[name] === null ? value : onStep(state[name], ranges[name]));
  return {
    parameters: {
      ...parameters,
      corr_noise_scale: noisier("corr_noise_scale"),
      iid_noise_scale: noisier("iid_noise_scale"),
    },
    draws: {
      ...drawn,
      padding: own("padding", drawn.padding),
      scale: own("scale", drawn.scale),
      translation: own("shift", drawn.translation),
      shear: own("shear", drawn.shear),
    },
  };
}

/** Returns all steps of a digit, with those that follow construction. */
function stepsOf(digit, { parameters, draws }) {
  const steps = new Map(Object.entries(constructionSteps(digit, parameters, draws)));
  steps.set("standardised", standardised(steps.get("down-sampled")));
  steps.set("shuffled", shuffled(steps.get("standardised")));
  return steps;
}

/** Returns the 40 points that the networks see. */
function pointsOf(state, recipe) {
  return stepsOf(state.digit, recipe).get(state.shuffle_seq ? "shuffled" : "standardised");
}

/** Builds what does not change, and listens. */
export function startShape() {
  buildDigits();
  buildSliders();
  buildNetworks();
  document.getElementById("draw").addEventListener("click", () => show({ seed: (getState().seed + 1) % 2 ** 32 }));
  document.getElementById("reset").addEventListener("click", backToTable2);
  document.getElementById("seed").addEventListener("change", readSeed);
  document
    .getElementById("shuffle_seq")
    .addEventListener("change", (event) => setState({ shuffle_seq: event.target.checked }));
  document.getElementById("copy").addEventListener("click", copyPython);
}

/** Shows another digit, with all that its seed draws. */
function show(changes) {
  setState({ ...nothingOwn(), ...changes });
}

function backToTable2() {
  const { tab, digit, seed, shuffle_seq } = getState();
  show({ ...initialState(), tab, digit, seed, shuffle_seq });
}

function readSeed(event) {
  const text = event.target.value.trim();
  if (/^\d{1,10}$/.test(text) && Number(text) < 2 ** 32) show({ seed: Number(text) });
  else event.target.value = getState().seed;
}

function buildDigits() {
  const choices = Array.from({ length: 10 }, (_, digit) => {
    const radio = element("input", { type: "radio", name: "digit", value: digit, "aria-label": `Digit ${digit}` });
    radio.addEventListener("change", () => setState({ digit }));
    const template = getData().templates.x[digit];
    const drawing = picture(null, curve(upright(template, 0.62), "signal"));
    return element("label", {}, radio, drawing, element("span", { "aria-hidden": "true" }, String(digit)));
  });
  document.getElementById("digits").append(...choices);
}

function buildSliders() {
  const own = OWN_SLIDERS.map(({ name, label, hint }) =>
    slider(name, label, hint, ownRanges(initialState())[name], (value) => setState({ [name]: value })),
  );
  document.getElementById("own-sliders").append(...own);
  const ranges = rangeNames().map((name) =>
    slider(name, parameterLabel(name), null, getData().ranges[name], (value) => setState(withRange(name, value))),
  );
  document.getElementById("range-sliders").append(...ranges);
}

/** Returns the change of one range; the ends of the padding push each other. */
function withRange(name, value) {
  const { padding_low, padding_high } = getState();
  if (name === "padding_low") return { padding_low: value, padding_high: Math.max(value, padding_high) };
  if (name === "padding_high") return { padding_high: value, padding_low: Math.min(value, padding_low) };
  return { [name]: value };
}

function slider(name, label, hint, { low, high, step }, onInput) {
  const input = element("input", { type: "range", id: name, min: low, max: high, step });
  input.addEventListener("input", () =>
    onInput(onStep(Number(input.value), { low: Number(input.min), high: Number(input.max), step })),
  );
  const text = element("label", { for: name }, label, ...(hint ? [" ", element("small", {}, hint)] : []));
  return element("div", { class: "slider" }, text, element("output", { for: name, id: `${name}-value` }), input);
}

function buildNetworks() {
  const rows = getData().models.map(({ name, title }) => {
    const bars = Array.from({ length: 10 }, () => element("i", {}, element("b")));
    return element(
      "li",
      { id: `model-${name}` },
      element("span", { class: "who", "aria-hidden": "true" }, title, element("small")),
      element("span", { class: "bars", "aria-hidden": "true" }, ...bars),
      element("span", { class: "says", "aria-hidden": "true" }),
      spoken(""),
    );
  });
  document.getElementById("networks").append(...rows);
  document
    .querySelector("#shape .axis")
    .append(...Array.from({ length: 10 }, (_, digit) => element("span", {}, String(digit))));
}

/** Shows a state. */
export function renderShape(state) {
  const recipe = recipeOf(state);
  const steps = stepsOf(state.digit, recipe);
  const points = steps.get(state.shuffle_seq ? "shuffled" : "standardised");
  showControls(state, recipe);
  showPoints(state, recipe, points);
  showNetworks(state, points);
  showWhy(state, recipe);
  showSteps(state, recipe, steps);
  document.getElementById("python").textContent = pythonOf(state, recipe);
}

function showControls(state, { draws }) {
  document.querySelector(`#digits input[value="${state.digit}"]`).checked = true;
  document.getElementById("shuffle_seq").checked = state.shuffle_seq;
  document.getElementById("seed").value = state.seed;
  const values = {
    padding: draws.padding,
    scale: draws.scale,
    shift: draws.translation,
    shear: draws.shear,
    noise: state.noise,
  };
  const ranges = ownRanges(state);
  for (const { name, show: text } of OWN_SLIDERS) {
    setSlider(name, values[name], ranges[name], text(values[name], state), state[name] !== initialState()[name]);
  }
  for (const name of rangeNames()) {
    const range = getData().ranges[name];
    const decimals = (String(range.step).split(".")[1] ?? "").length;
    setSlider(name, state[name], range, state[name].toFixed(decimals), state[name] !== initialState()[name]);
  }
}

function setSlider(name, value, { low, high }, text, isChanged) {
  const input = document.getElementById(name);
  Object.assign(input, { min: low, max: high, value });
  input.disabled = low === high;
  input.style.setProperty("--filled", `${(100 * (value - low)) / (high - low || 1)}%`);
  input.setAttribute("aria-valuetext", text);
  const output = document.getElementById(`${name}-value`);
  output.textContent = text;
  output.classList.toggle("changed", isChanged);
}

function showPoints(state, recipe, points) {
  document.getElementById("points").textContent = JSON.stringify(Array.from(points));
  const reach = points.reduce((most, value) => Math.max(most, Math.abs(value)), 3.4);
  const curves = [
    curve(
      [
        [0.5, 0],
        [0.5, 1],
      ],
      "middle",
    ),
    curve(upright(points, reach), "signal"),
  ];
  if (!state.shuffle_seq) curves.push(...digitCurves(state, recipe, points, reach));
  const label = `The 40 points of a ${state.digit}${state.shuffle_seq ? ", shuffled" : ""}, drawn upright`;
  document.getElementById("drawing").replaceChildren(picture(label, ...curves));
  document.getElementById("caption").textContent = state.shuffle_seq
    ? "The same values in another order. Would you know it?"
    : `Upright, it looks like a ${state.digit}. Thick: the digit; thin: what is around it; dashed: the digit without ` +
      "noise and shear.";
}

/** Returns the part of a signal that is the digit, and the same without noise and shear, each as one curve or two. */
function digitCurves(state, { parameters, draws }, points, reach) {
  const clean = { ...parameters, corr_noise_scale: 0, iid_noise_scale: 0, shear_scale: 0 };
  const steps = stepsOf(state.digit, { parameters: clean, draws });
  const isDigit = Array.from(steps.get("down-sampled"), (value) => value !== 0);
  const parts = (signal, name) => {
    const placed = upright(signal, reach);
    return runsOf(isDigit).map(([start, end]) => curve(placed.slice(start, end), name));
  };
  return [...parts(points, "signal digit"), ...parts(steps.get("standardised"), "ghost")];
}

/** Returns the stretches of true values, [start, end); a digit that goes over the end has two. */
function runsOf(flags) {
  const edges = flags.flatMap((flag, index) => (flag !== Boolean(flags[index - 1]) ? [index] : []));
  return edges.flatMap((start, index) => (flags[start] ? [[start, edges[index + 1] ?? flags.length]] : []));
}

function showNetworks(state, points) {
  const config = configOf(state.shuffle_seq);
  const answers = networksOf(config).map(({ name, title, logits }) => {
    const probabilities = Array.from(softmax(logits(points)));
    const answer = argmax(probabilities);
    return { name, title, probabilities, answer, isRight: answer === state.digit };
  });
  for (const answer of answers) showNetwork(answer, state.digit, config);
  document.getElementById("verdict").textContent = verdictOn(answers);
  const chips = answers.map(({ title, answer, isRight }) =>
    element(
      "span",
      { class: isRight ? "right" : "wrong" },
      `${title} `,
      element("b", {}, `${mark(isRight)} ${answer}`),
    ),
  );
  document.getElementById("chips").replaceChildren(...chips);
}

function showNetwork({ name, title, probabilities, answer, isRight }, digit, config) {
  const row = document.getElementById(`model-${name}`);
  const accuracy = getData().models.find((model) => model.name === name).accuracy[config];
  const certainty = percent(probabilities[answer]);
  row.dataset.probabilities = JSON.stringify(probabilities);
  row.className = isRight ? "right" : "wrong";
  row.querySelector("small").textContent = percent(accuracy, 1);
  for (const [index, bar] of row.querySelectorAll(".bars b").entries()) {
    bar.style.height = `${(100 * probabilities[index]).toFixed(1)}%`;
    bar.className = index === digit ? "true" : index === answer ? "false" : "";
  }
  row
    .querySelector(".says")
    .replaceChildren(element("b", {}, `${mark(isRight)} ${answer}`), element("small", {}, certainty));
  row.querySelector(".spoken").textContent =
    `${title} says ${answer} with ${certainty}, ${isRight ? "right" : "wrong"}`;
}

function verdictOn(answers) {
  const right = answers.filter(({ isRight }) => isRight).map(({ title }) => title);
  const all = answers.length;
  if (right.length === all) return `All ${inWords(all)} are right.`;
  if (!right.length) return `None of the ${inWords(all)} is right.`;
  const wrong = answers.filter(({ isRight }) => !isRight).map(({ title }) => title);
  const few = right.length <= wrong.length ? right : wrong;
  const who = few === right ? listing(few) : `all but ${listing(few)}`;
  return `${right.length} of ${all} ${right.length === 1 ? "is" : "are"} right: ${who}.`;
}

/** Shows how MLP and CNN do on the same digit at every place where it may start. */
function showWhy(state, { parameters, draws }) {
  const places = state.max_translation;
  document.getElementById("why-title").textContent = `The same ${state.digit}, starting at each of ${places} places`;
  document.getElementById("why-text").textContent = state.shuffle_seq
    ? "Shuffled, neighbours are no longer neighbours. There is no shape left to look for, and the CNN loses its lead."
    : "An MLP, a plain network, has to learn a digit anew at every place. " +
      "A CNN, a convolutional network, looks for a shape wherever it is.";
  document.getElementById("why-figures").textContent = whyFigures();
  document.getElementById("why-place").replaceChildren(caret((100 * (draws.translation + 0.5)) / places));
  // The place itself changes nothing about the others, which are many to ask about.
  const { padding, scale, shear } = draws;
  const key = JSON.stringify([state.digit, state.seed, state.shuffle_seq, parameters, padding, scale, shear]);
  const strips = document.getElementById("why-strips");
  if (strips.dataset.key === key) return;
  strips.dataset.key = key;
  strips.replaceChildren(...stripsOf(state, { parameters, draws }, places));
}

function stripsOf(state, { parameters, draws }, places) {
  const signals = Array.from({ length: places }, (_, translation) =>
    pointsOf(state, { parameters, draws: { ...draws, translation } }),
  );
  return networksOf(configOf(state.shuffle_seq))
    .filter(({ name }) => name === "mlp" || name === "cnn")
    .map(({ title, logits }) =>
      stripOf(
        title,
        signals.map((points) => argmax(logits(points)) === state.digit),
      ),
    );
}

function stripOf(title, right) {
  const number = right.filter(Boolean).length;
  const cells = right.map((isRight) => element("i", { class: isRight ? "right" : "wrong" }));
  return element(
    "div",
    { class: "strip" },
    element("span", { class: "who" }, title),
    element("span", { class: "cells", "aria-hidden": "true" }, ...cells),
    element("span", { class: "says" }, spoken("right at "), `${number} of ${right.length}`),
  );
}

function caret(place) {
  const arrow = element(
    "i",
    { class: place > 50 ? "late" : "", style: `left: ${place.toFixed(2)}%` },
    element("span", {}, "here"),
  );
  return element(
    "div",
    { class: "strip caret", "aria-hidden": "true" },
    element("span"),
    element("span", { class: "cells" }, arrow),
  );
}

function whyFigures() {
  const accuracies = (config) =>
    getData()
      .models.filter(({ name }) => name === "mlp" || name === "cnn")
      .map(({ title, accuracy }) => `${title} ${percent(accuracy[config])}`);
  const [inOrder, inDisorder] = ["default", "shuffled"].map((config) => listing(accuracies(config)));
  return `Tall: right. Short: wrong. On 1,000 test digits: ${inOrder}; shuffled, ${inDisorder}.`;
}

function showSteps(state, { draws }, steps) {
  const signals = [...steps];
  const raw = signals.slice(0, -2).map(([, signal]) => signal);
  const reach = Math.max(
    0.6,
    ...raw.map((signal) => signal.reduce((most, value) => Math.max(most, Math.abs(value)), 0)),
  );
  const facts = { state, draws, length: steps.get("dilated").length, points: steps.get("down-sampled").length };
  const items = signals.map(([name, signal]) => {
    const isStandard = name === "standardised" || name === "shuffled";
    const drawing = picture(
      null,
      curve(
        [
          [0, 0.5],
          [1, 0.5],
        ],
        "middle",
      ),
      curve(lying(signal, isStandard ? 3.6 : reach), "signal"),
    );
    const isSkipped = name === "shuffled" && !state.shuffle_seq;
    return element(
      "li",
      isSkipped ? { class: "skipped" } : {},
      drawing,
      element("b", {}, name),
      element("small", {}, STEP_TEXTS[name](facts)),
    );
  });
  document.getElementById("steps").replaceChildren(...items);
}

/** Returns Python that makes the very 40 points. */
function pythonOf(state, { parameters, draws }) {
  const { parameters: usual, mean, std, permutation } = getData();
  const changed = Object.entries(parameters)
    .filter(([name, value]) => name !== "shuffle_seq" && String(value) !== String(usual[name]))
    .map(([name, value]) => `${name}=${Array.isArray(value) ? `(${value.join(", ")})` : value}`);
  const own = { padding: state.padding, scale: state.scale, translation: state.shift, shear: state.shear };
  const given = Object.keys(own)
    .filter((name) => own[name] !== null)
    .map((name) => `"${name}": ${draws[name]}`);
  const order = `points = points[[${permutation.join(", ")}]]`;
  return [
    "from mnist1d_hf import GenerationParameters, construction_steps",
    "",
    `parameters = GenerationParameters(${changed.join(", ")})`,
    `draws = {${given.join(", ")}}`,
    `steps = construction_steps(${state.digit}, parameters, seed=${state.seed}, draws=draws)`,
    `points = (steps["down-sampled"] - ${mean}) / ${std}`.replace("- -", "+ "),
    ...(state.shuffle_seq ? [order] : []),
  ].join("\n");
}

async function copyPython() {
  const text = document.getElementById("python").textContent;
  let said = "Copied.";
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    getSelection().selectAllChildren(document.getElementById("python"));
    said = "Selected; press Ctrl+C.";
  }
  document.getElementById("copied").textContent = said;
}
