// The accuracy of each network while one parameter of the digits changes.

import { makeDigits, shuffled, standardised } from "./generator.js";
import { loadNetworks } from "./networks.js";
import { argmax } from "./tensors.js";

/** Makes digits with some parameters; returns the accuracy on them of each network, by name. */
export function accuracyOf(networks, { parameters, config, seed, digits }) {
  const { x, y } = makeDigits(parameters, seed, digits);
  const signals = x.map(standardised).map((signal) => (config === "shuffled" ? shuffled(signal) : signal));
  const accuracy = {};
  for (const { name, logits } of networks) {
    accuracy[name] = signals.filter((signal, i) => argmax(logits(signal)) === y[i]).length / digits;
  }
  return accuracy;
}

/** Measures every value of a parameter and reports each; stops early when `isCurrent` says so. */
export async function sweep(request, report, isCurrent) {
  const { parameter, values, parameters, config } = request;
  const networks = loadNetworks(config);
  for (const [index, value] of values.entries()) {
    // Lets a message arrive between two values.
    await new Promise((resolve) => setTimeout(resolve));
    if (!isCurrent()) return;
    const accuracy = accuracyOf(networks, { ...request, parameters: { ...parameters, [parameter]: value } });
    report({ index, value, accuracy });
  }
  report({ done: true });
}
