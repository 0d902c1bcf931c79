// What Python put into the page: constants of the dataset, weights, test rows, texts.

let data = null;

/** Takes the data of the page. */
export function setData(object) {
  data = object;
}

/** Returns the data of the page. */
export function getData() {
  return data;
}

/** Returns the bytes that base64 text stands for. */
export function decodeBytes(text) {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

/** Returns the rows of 32-bit floats that base64 text stands for. */
export function decodeRows(text, length) {
  const numbers = new Float32Array(decodeBytes(text).buffer);
  const count = numbers.length / length;
  return Array.from({ length: count }, (_, row) => numbers.subarray(row * length, (row + 1) * length));
}
