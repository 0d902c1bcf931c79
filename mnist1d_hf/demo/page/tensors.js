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

/** Returns a tensor of the same shape with a function of each value. */
export function apply(x, f) {
  return { shape: x.shape, values: x.values.map(f) };
}

/** Returns the sum of two tensors of one shape. */
export function add(a, b) {
  return { shape: a.shape, values: a.values.map((value, i) => value + b.values[i]) };
}

/** Sets negative values to zero. */
export function relu(x) {
  return apply(x, (value) => (value > 0 ? value : 0));
}

/** The logistic function. */
export function sigmoid(number) {
  return 1 / (1 + Math.exp(-number));
}

/** The Gaussian error linear unit, x times the probability that a standard normal number is below x. */
export function gelu(x) {
  return apply(x, (value) => 0.5 * value * (1 + erf(value * Math.SQRT1_2)));
}

/** The error function, to 1.5e-7 (Abramowitz and Stegun, formula 7.1.26). */
function erf(number) {
  const t = 1 / (1 + 0.3275911 * Math.abs(number));
  const polynomial = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  return Math.sign(number) * (1 - polynomial * Math.exp(-number * number));
}

/** Applies a linear layer to each row, (rows, in) to (rows, out). */
export function linear(x, weight, bias) {
  const [outputs, inputs] = weight.shape;
  const rows = x.values.length / inputs;
  const values = new Float64Array(rows * outputs);
  for (let row = 0; row < rows; row++) {
    for (let output = 0; output < outputs; output++) {
      let sum = bias.values[output];
      for (let i = 0; i < inputs; i++) sum += weight.values[output * inputs + i] * x.values[row * inputs + i];
      values[row * outputs + output] = sum;
    }
  }
  return { shape: [rows, outputs], values };
}

/** Applies a convolution, (in channels, length) to (out channels, length); `bias` may be undefined. */
export function convolve(x, weight, bias, { stride = 1, padding = 0, dilation = 1 } = {}) {
  const [outputs, inputs, taps] = weight.shape;
  const before = x.shape[1];
  const length = Math.floor((before + 2 * padding - dilation * (taps - 1) - 1) / stride) + 1;
  const values = new Float64Array(outputs * length);
  for (let output = 0; output < outputs; output++) {
    if (bias) values.fill(bias.values[output], output * length, (output + 1) * length);
    for (let input = 0; input < inputs; input++) {
      for (let tap = 0; tap < taps; tap++) {
        const factor = weight.values[(output * inputs + input) * taps + tap];
        const shift = tap * dilation - padding;
        // The positions whose input lies inside the signal; innermost, since all of them share one weight.
        const first = Math.max(0, Math.ceil(-shift / stride));
        const end = Math.min(length, Math.floor((before - 1 - shift) / stride) + 1);
        let from = input * before + first * stride + shift;
        for (let to = output * length + first; to < output * length + end; to++) {
          values[to] += factor * x.values[from];
          from += stride;
        }
      }
    }
  }
  return { shape: [outputs, length], values };
}

/** Gives each stretch of values a mean of 0 and a variance of 1. */
function normalise(x, size) {
  const values = Float64Array.from(x.values);
  for (let start = 0; start < values.length; start += size) {
    let mean = 0;
    let variance = 0;
    for (let i = start; i < start + size; i++) mean += values[i] / size;
    for (let i = start; i < start + size; i++) variance += (values[i] - mean) ** 2 / size;
    const factor = 1 / Math.sqrt(variance + 1e-5); // the epsilon of torch's norms
    for (let i = start; i < start + size; i++) values[i] = (values[i] - mean) * factor;
  }
  return { shape: x.shape, values };
}

/** A norm over all channels and positions of (channels, length), then a factor and an offset for each channel. */
export function groupNorm(x, weight, bias) {
  const [, length] = x.shape;
  const { values } = normalise(x, x.values.length);
  for (let i = 0; i < values.length; i++) {
    const channel = Math.floor(i / length);
    values[i] = values[i] * weight.values[channel] + bias.values[channel];
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
  for (let i = 0; i < x.values.length; i++) values[Math.floor(i / columns)] += x.values[i] / columns;
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
