// The construction of a digit, as `construction_steps` and `make_dataset` of the Python package do it.

import { getData } from "./data.js";
import { RandomState } from "./random.js";

/** Names of the steps from a template to a signal, in order. */
export const STEPS = ["template", "padded", "dilated", "scaled", "translated", "with noise", "sheared", "down-sampled"];

/** Returns what a seed draws for an example with these parameters. */
export function drawExample(parameters, seed) {
  return drawNext(parameters, new RandomState(seed));
}

/** Draws the next example of a stream of random numbers. */
function drawNext(parameters, random) {
  const length = dilatedLength(parameters);
  const [low, high] = parameters.padding;
  return {
    padding: low + Math.floor(random.randomSample() * (high - low + 1)),
    scale: random.randomSample(),
    translation: random.below(parameters.max_translation),
    corr_noise: random.standardNormals(length),
    iid_noise: random.standardNormals(length),
    shear: random.randomSample(),
  };
}

/** Returns the number of points of a signal between dilation and down-sampling. */
export function dilatedLength(parameters) {
  return parameters.template_len + parameters.padding[1];
}

/** Returns every intermediate signal of a digit, by the names of STEPS; padding and translation may be fractions. */
export function constructionSteps(digit, parameters, draws) {
  // Between two whole paddings or translations, signals change evenly from the one to the other.
  const neighbours = [];
  for (const [padding, paddingWeight] of wholeNeighbours(draws.padding)) {
    for (const [translation, weight] of wholeNeighbours(Math.min(draws.translation, dilatedLength(parameters)))) {
      const steps = wholeSteps(digit, parameters, { ...draws, padding, translation });
      neighbours.push({ weight: paddingWeight * weight, steps });
    }
  }
  const blended = {};
  for (const name of STEPS) blended[name] = blend(neighbours, name);
  return blended;
}

/** Returns the whole numbers next to a number, with weights that sum to 1; a whole number alone. */
function wholeNeighbours(number) {
  const low = Math.floor(number);
  const fraction = number - low;
  return fraction ? [[low, 1 - fraction], [low + 1, fraction]] : [[low, 1]];
}

/** Returns the weighted sum of one step of several examples; shorter signals go on with zeros. */
function blend(examples, name) {
  const sum = new Float64Array(Math.max(...examples.map(({ steps }) => steps[name].length)));
  for (const { weight, steps } of examples) {
    steps[name].forEach((value, i) => {
      sum[i] += weight * value;
    });
  }
  return sum;
}

/** Returns the steps for a whole padding and a whole translation. */
function wholeSteps(digit, parameters, draws) {
  const length = dilatedLength(parameters);
  const template = Float64Array.from(getData().templates.x[digit]);
  const padded = new Float64Array(template.length + draws.padding);
  padded.set(template.map((value) => value + getData().epsilon));
  const dilated = interpolate(padded, length);
  const factor = 1 + parameters.scale_coeff * (draws.scale - 0.5);
  const scaled = dilated.map((value) => value * factor);
  const translated = rotate(scaled, draws.translation);
  const smooth = smoothed(draws.corr_noise);
  const noisy = translated.map((value, i) => {
    const signal = value === 0 ? parameters.corr_noise_scale * smooth[i] : value;
    return signal + parameters.iid_noise_scale * draws.iid_noise[i];
  });
  const slope = parameters.shear_scale * (draws.shear - 0.5);
  const line = grid(-0.5, 0.5, length);
  const sheared = noisy.map((value, i) => value - slope * line[i]);
  const downSampled = interpolate(sheared, parameters.final_seq_length);
  const signals = [template, padded, dilated, scaled, translated, noisy, sheared, downSampled];
  return Object.fromEntries(STEPS.map((name, i) => [name, signals[i]]));
}

/** Returns evenly spaced numbers, as numpy.linspace rounds them. */
function grid(start, end, length) {
  const step = (end - start) / (length - 1);
  return Float64Array.from({ length }, (_, i) => (i === length - 1 ? end : i * step + start));
}

/** Interpolates a signal linearly to another number of points, by numpy.interp's formula: exact zeros stay exact. */
function interpolate(signal, length) {
  const last = signal.length - 1;
  const old = grid(0, 1, signal.length);
  let left = 0;
  return grid(0, 1, length).map((x) => {
    while (left < last && old[left + 1] <= x) left++;
    if (left === last) return signal[last];
    return ((signal[left + 1] - signal[left]) / (old[left + 1] - old[left])) * (x - old[left]) + signal[left];
  });
}

/** Rotates a signal to the right; by its length or more, as in the original, not at all. */
function rotate(signal, translation) {
  const length = signal.length;
  const start = translation < length ? length - translation : 0;
  return signal.map((_, i) => signal[(start + i) % length]);
}

/** Smooths noise by a Gaussian filter, mirrored at the ends. */
function smoothed(noise) {
  const weights = getData().filter_weights;
  const at = (i) => noise[mirrored(i, noise.length)];
  return noise.map((value, i) => {
    let sum = weights[0] * value;
    for (let distance = 1; distance < weights.length; distance++) {
      sum += weights[distance] * (at(i - distance) + at(i + distance));
    }
    return sum;
  });
}

/** Returns the index in a signal that stands, mirrored, at any index. */
function mirrored(index, length) {
  const place = ((index % (2 * length)) + 2 * length) % (2 * length);
  return place < length ? place : 2 * length - 1 - place;
}

/** Returns a signal with the mean and the standard deviation of the paper's set taken out. */
export function standardised(signal) {
  const { mean, std } = getData();
  return signal.map((value) => (value - mean) / std);
}

/** Returns a signal with its points in the order of the config "shuffled". */
export function shuffled(signal) {
  return Float64Array.from(getData().permutation, (position) => signal[position]);
}

/** Makes digits from one stream of random numbers, as many of each class; returns raw signals and labels. */
export function makeDigits(parameters, seed, count) {
  const random = new RandomState(seed);
  const y = Array.from({ length: count }, (_, i) => Math.floor((10 * i) / count));
  const x = y.map((digit) => wholeSteps(digit, parameters, drawNext(parameters, random))["down-sampled"]);
  return { x, y };
}
