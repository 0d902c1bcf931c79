// The networks, each set read once.

import { loadNetworks } from "./networks.js";

const loaded = {};

/** Returns the networks that were trained on a config. */
export function networksOf(config) {
  loaded[config] ??= loadNetworks(config);
  return loaded[config];
}

/** Returns the name of the config with the points in order or shuffled. */
export function configOf(isShuffled) {
  return isShuffled ? "shuffled" : "default";
}
