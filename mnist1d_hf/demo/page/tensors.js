// Tensors as { shape, values }, read from safetensors files, and the arithmetic of small networks.

/** Reads a safetensors file of 32-bit floats; returns its tensors by name. */
export function readSafetensors(bytes) {
  const headerLength = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + headerLength)));
  delete header.__metadata__;
  const tensors = {};
  for (const [name, { shape, data_offsets: offsets }] of Object.entries(header)) {
    // Copied, since floats must begin at a multiple of four bytes.
    const [start, end] = offsets.map((offset) => 8 + headerLength + offset);
    tensors[name] = { shape, values: new Float32Array(bytes.slice(start, end).buffer) };
  }
  return tensors;
}

// Plain loops here and below: `map` on typed arrays takes several times longer.

/** Returns the sum of two tensors of one shape. */
export function add(a, b) {
  const values = new Float64Array(a.values.length);
  for (let i = 0; i < values.length; i++) values[i] = a.values[i] + b.values[i];
  return { shape: a.shape, values };
}

/** Sets negative values to zero. */
export function relu(x) {
  const values = new Float64Array(x.values.length);
  for (let i = 0; i < values.length; i++) values[i] = Math.max(0, x.values[i]);
  return { shape: x.shape, values };
}

/** The logistic function. */
export function sigmoid(number) {
  return 1 / (1 + Math.exp(-number));
}

/** The Gaussian error linear unit, x times the probability that a standard normal number is below x. */
export function gelu(x) {
  const values = new Float64Array(x.values.length);
  for (let i = 0; i < values.length; i++) values[i] = 0.5 * x.values[i] * (1 + erf(x.values[i] * Math.SQRT1_2));
  return { shape: x.shape, values };
}

/** The error function, to 1.5e-7 (Abramowitz and Stegun, formula 7.1.26). */
function erf(number) {
  const t = 1 / (1 + 0.3275911 * Math.abs(number));
  const polynomial = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  return Math.sign(number) * (1 - polynomial * Math.exp(-number * number));
}

/** Applies a linear layer with at least four outputs to each row, (rows, in) to (rows, out); it may have no bias. */
export function linear(x, weight, bias) {
  const [outputs, inputs] = weight.shape;
  const [factors, points] = [weight.values, x.values];
  const rows = points.length / inputs;
  const values = new Float64Array(rows * outputs);
  for (let row = 0; row < rows; row++) {
    // Four sums at once take half the time: no sum waits for itself. The last four may overlap those before.
    for (let block = 0; block < outputs; block += 4) {
      const output = Math.min(block, outputs - 4);
      const first = output * inputs;
      let [a, b, c, d] = [0, 0, 0, 0];
      for (let i = 0; i < inputs; i++) {
        const point = points[row * inputs + i];
        a += factors[first + i] * point;
        b += factors[first + inputs + i] * point;
        c += factors[first + 2 * inputs + i] * point;
        d += factors[first + 3 * inputs + i] * point;
      }
      const to = row * outputs + output;
      values[to] = a;
      values[to + 1] = b;
      values[to + 2] = c;
      values[to + 3] = d;
    }
    if (bias) for (let output = 0; output < outputs; output++) values[row * outputs + output] += bias.values[output];
  }
  return { shape: [rows, outputs], values };
}

/** Applies a convolution, (in channels, length) to (out channels, length); it may have no bias. */
export function convolve(x, weight, bias, { stride = 1, padding = 0, dilation = 1 } = {}) {
  const [outputs, inputs, taps] = weight.shape;
  const before = x.shape[1];
  const length = Math.floor((before + 2 * padding - dilation * (taps - 1) - 1) / stride) + 1;
  // What each position sees, one row each: then a convolution is a linear layer.
  const seen = new Float64Array(length * inputs * taps);
  for (let position = 0; position < length; position++) {
    for (let tap = 0; tap < taps; tap++) {
      const from = position * stride + tap * dilation - padding;
      if (from < 0 || from >= before) continue;
      for (let input = 0; input < inputs; input++) {
        seen[(position * inputs + input) * taps + tap] = x.values[input * before + from];
      }
    }
  }
  return transpose(linear({ values: seen }, { shape: [outputs, inputs * taps], values: weight.values }, bias));
}

/** Gives each stretch of values a mean of 0 and a variance of 1. */
function normalise(x, size) {
  const values = Float64Array.from(x.values);
  for (let start = 0; start < values.length; start += size) {
    let mean = 0;
    let variance = 0;
    for (let i = start; i < start + size; i++) mean += values[i];
    mean /= size;
    for (let i = start; i < start + size; i++) variance += (values[i] - mean) * (values[i] - mean);
    const factor = 1 / Math.sqrt(variance / size + 1e-5); // the epsilon of torch's norms
    for (let i = start; i < start + size; i++) values[i] = (values[i] - mean) * factor;
  }
  return { shape: x.shape, values };
}

/** A norm over all channels and positions of (channels, length), then a factor and an offset for each channel. */
export function groupNorm(x, weight, bias) {
  const [channels, length] = x.shape;
  const { values } = normalise(x, x.values.length);
  for (let channel = 0; channel < channels; channel++) {
    const [factor, offset] = [weight.values[channel], bias.values[channel]];
    for (let i = channel * length; i < (channel + 1) * length; i++) values[i] = values[i] * factor + offset;
  }
  return { shape: x.shape, values };
}

/** A norm over each row of (rows, features), then a factor and an offset for each feature. */
export function layerNorm(x, weight, bias) {
  const [, features] = x.shape;
  const { values } = normalise(x, features);
  for (let i = 0; i < values.length; i++) {
    values[i] = values[i] * weight.values[i % features] + bias.values[i % features];
  }
  return { shape: x.shape, values };
}

/** Returns the tensor with rows and columns swapped. */
export function transpose(x) {
  const [rows, columns] = x.shape;
  const values = new Float64Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) values[column * rows + row] = x.values[row * columns + column];
  }
  return { shape: [columns, rows], values };
}

/** Returns the mean of each row. */
export function rowMeans(x) {
  const [rows, columns] = x.shape;
  const values = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    for (let i = row * columns; i < (row + 1) * columns; i++) values[row] += x.values[i] / columns;
  }
  return { shape: [rows], values };
}

/** Returns the probabilities that logits stand for. */
export function softmax(logits) {
  const highest = Math.max(...logits);
  const powers = Float64Array.from(logits, (logit) => Math.exp(logit - highest));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

/** Returns the index of the greatest number. */
export function argmax(numbers) {
  return numbers.indexOf(Math.max(...numbers));
}
