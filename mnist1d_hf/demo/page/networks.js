// The networks of the package, one function each: it takes tensors by name and the sizes of config.json, and returns a
// function from a signal, a tensor of shape (1, points), to logits.

import { decodeBytes, getData } from "./data.js";
import { add, convolve, gelu, groupNorm, layerNorm, linear, readSafetensors, relu } from "./tensors.js";
import { rowMeans, sigmoid, softmax, transpose } from "./tensors.js";

/** Loads the networks that were trained on a config. */
export function loadNetworks(config) {
  const { models, weights } = getData();
  return models.map(({ name, title, sizes }) => {
    const forward = ARCHITECTURES[name](readSafetensors(decodeBytes(weights[config][name])), sizes);
    // Loops are fast when all their arrays are of one type.
    const logits = (signal) => forward({ shape: [1, signal.length], values: Float64Array.from(signal) }).values;
    return { name, title, logits };
  });
}

const ARCHITECTURES = { logistic, mlp, cnn, gru, resnet, s4d, tcn, transformer };

/** Returns the tensors under a prefix, by the rest of their names. */
function below(tensors, prefix) {
  const names = Object.keys(tensors).filter((name) => name.startsWith(prefix));
  return Object.fromEntries(names.map((name) => [name.slice(prefix.length), tensors[name]]));
}

/** Returns the tensors of each of several layers: "blocks.0.", "blocks.1." and so on. */
function layersOf(tensors, prefix, count) {
  return Array.from({ length: count }, (_, i) => below(tensors, `${prefix}.${i}.`));
}

/** Applies the linear layer of a name to each row. */
function dense(tensors, name, x) {
  return linear(x, tensors[`${name}.weight`], tensors[`${name}.bias`]);
}

/** Applies the convolution of a name. */
function convolution(tensors, name, x, options) {
  return convolve(x, tensors[`${name}.weight`], tensors[`${name}.bias`], options);
}

/** Applies the group norm of a name. */
function channelNorm(tensors, name, x) {
  return groupNorm(x, tensors[`${name}.weight`], tensors[`${name}.bias`]);
}

/** Applies the layer norm of a name. */
function rowNorm(tensors, name, x) {
  return layerNorm(x, tensors[`${name}.weight`], tensors[`${name}.bias`]);
}

/** The end of the networks over channels: norm, ReLU, mean over the positions, linear layer. */
function pooledLogits(tensors, x) {
  return dense(tensors, "linear", rowMeans(relu(channelNorm(tensors, "norm", x))));
}

function logistic(tensors) {
  return (x) => dense(tensors, "linear", x);
}

function mlp(tensors) {
  return (x) => {
    const h = relu(dense(tensors, "linear1", x));
    return dense(tensors, "linear3", add(h, relu(dense(tensors, "linear2", h))));
  };
}

function cnn(tensors) {
  return (x) => {
    let h = x;
    for (const name of ["conv1", "conv2", "conv3"]) h = relu(convolution(tensors, name, h, { stride: 2, padding: 1 }));
    return dense(tensors, "linear", h);
  };
}

function gru(tensors) {
  return (x) => {
    const forward = recurrence(tensors, "", x.values);
    const backward = recurrence(tensors, "_reverse", x.values.slice().reverse()).reverse();
    const states = forward.flatMap((state, i) => [...state, ...backward[i]]);
    return dense(tensors, "linear", { values: Float64Array.from(states) });
  };
}

/** Returns the states of a gated recurrent unit after each point; the suffix names the direction. */
function recurrence(tensors, suffix, points) {
  const [inputWeight, inputBias] = [tensors[`gru.weight_ih_l0${suffix}`], tensors[`gru.bias_ih_l0${suffix}`]];
  const [stateWeight, stateBias] = [tensors[`gru.weight_hh_l0${suffix}`], tensors[`gru.bias_hh_l0${suffix}`]];
  const inputs = linear({ values: points }, inputWeight, inputBias).values;
  const size = stateWeight.shape[1];
  let state = new Float64Array(size);
  return Array.from(points, (_, step) => {
    const input = inputs.subarray(step * 3 * size, (step + 1) * 3 * size);
    const previous = linear({ values: state }, stateWeight, stateBias).values;
    state = state.map((old, i) => {
      const reset = sigmoid(input[i] + previous[i]);
      const update = sigmoid(input[size + i] + previous[size + i]);
      const fresh = Math.tanh(input[2 * size + i] + reset * previous[2 * size + i]);
      return (1 - update) * fresh + update * old;
    });
    return state;
  });
}

function resnet(tensors, sizes) {
  const blocks = layersOf(tensors, "blocks", sizes.num_blocks);
  return (x) => {
    let h = convolution(tensors, "stem", x, { padding: 2 });
    for (const block of blocks) {
      const middle = convolution(block, "conv1", relu(channelNorm(block, "norm1", h)), { padding: 1 });
      h = add(h, convolution(block, "conv2", relu(channelNorm(block, "norm2", middle)), { padding: 1 }));
    }
    return pooledLogits(tensors, h);
  };
}

function tcn(tensors, sizes) {
  const blocks = layersOf(tensors, "blocks", sizes.num_blocks);
  return (x) => {
    let h = convolution(tensors, "stem", x, { padding: 2 });
    blocks.forEach((block, i) => {
      const dilation = 2 ** (i % 5);
      h = add(h, convolution(block, "conv", relu(channelNorm(block, "norm", h)), { padding: dilation, dilation }));
    });
    return pooledLogits(tensors, h);
  };
}

function transformer(tensors, sizes) {
  const layers = layersOf(tensors, "layers", sizes.num_layers);
  return (x) => {
    let h = add(dense(tensors, "embed", x), tensors.positions);
    for (const layer of layers) {
      const attended = attention(dense(layer, "query_key_value", rowNorm(layer, "norm1", h)), sizes.num_heads);
      h = add(h, dense(layer, "project", attended));
      h = add(h, dense(layer, "linear2", gelu(dense(layer, "linear1", rowNorm(layer, "norm2", h)))));
    }
    return dense(tensors, "linear", rowMeans(transpose(rowNorm(tensors, "norm", h))));
  };
}

/** Attention of several heads over rows that hold the queries, the keys and the values of all of them. */
function attention(x, heads) {
  const [rows, columns] = x.shape;
  const features = columns / 3;
  const size = features / heads;
  const values = new Float64Array(rows * features);
  for (let head = 0; head < heads; head++) {
    for (let row = 0; row < rows; row++) {
      const query = row * columns + head * size;
      const scores = Float64Array.from({ length: rows }, (_, other) => {
        const key = other * columns + features + head * size;
        let product = 0;
        for (let i = 0; i < size; i++) product += x.values[query + i] * x.values[key + i];
        return product / Math.sqrt(size);
      });
      softmax(scores).forEach((share, other) => {
        const value = other * columns + 2 * features + head * size;
        for (let i = 0; i < size; i++) values[row * features + head * size + i] += share * x.values[value + i];
      });
    }
  }
  return { shape: [rows, features], values };
}

function s4d(tensors, sizes) {
  const layers = layersOf(tensors, "layers", sizes.num_layers).map((layer) => ({
    ...layer,
    kernels: stateSpaceKernels(below(layer, "state_space."), sizes),
    // Mixing the channels at each position is a convolution with one tap.
    "mix.weight": { shape: [...layer["mix.weight"].shape, 1], values: layer["mix.weight"].values },
  }));
  return (x) => {
    let h = convolution(tensors, "stem", x);
    for (const layer of layers) {
      h = add(h, relu(convolution(layer, "mix", applyKernels(layer.kernels, channelNorm(layer, "norm", h)))));
    }
    return pooledLogits(tensors, h);
  };
}

/**
 * Returns, for each channel, the weights of a point in the outputs from `length - 1` points before it to as many after.
 * Times are rounded to 32 bits, as in torch: at high frequencies that makes a difference.
 */
function stateSpaceKernels(tensors, { channels, state_size: states, final_seq_length: length }) {
  const { log_step: logStep, log_decay: logDecay, frequency, output, skip } = tensors;
  return Array.from({ length: channels }, (_, channel) => {
    const step = Math.fround(Math.exp(logStep.values[channel]));
    const kernel = new Float64Array(2 * length - 1);
    for (let distance = 0; distance < length; distance++) {
      const time = Math.fround(step * distance);
      let [after, before] = [0, 0];
      for (let state = 0; state < states; state++) {
        const at = channel * states + state;
        const size = step * Math.exp(Math.max(-30, -Math.exp(logDecay.values[at]) * time));
        const angle = Math.fround(frequency.values[at] * time);
        const [real, imaginary] = [size * Math.cos(angle), size * Math.sin(angle)];
        const first = channel * 4 * states + state;
        after += output.values[first] * real + output.values[first + states] * imaginary;
        before += output.values[first + 2 * states] * real + output.values[first + 3 * states] * imaginary;
      }
      kernel[length - 1 - distance] = before;
      kernel[length - 1 + distance] = after;
    }
    // A point's own weight is that of its own time, forward only, and what skips the state.
    kernel[length - 1] += skip.values[channel];
    return kernel;
  });
}

/** Applies to each channel of (channels, length) its kernel. */
function applyKernels(kernels, x) {
  const [channels, length] = x.shape;
  const values = new Float64Array(channels * length);
  for (let channel = 0; channel < channels; channel++) {
    const kernel = kernels[channel];
    const start = channel * length;
    for (let from = 0; from < length; from++) {
      const factor = x.values[start + from];
      for (let to = 0; to < length; to++) values[start + to] += factor * kernel[length - 1 + to - from];
    }
  }
  return { shape: x.shape, values };
}
