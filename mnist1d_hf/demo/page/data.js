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

const BASE85 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;,=>?@^_`{|}~";

/** Returns the bytes that text in Base85 stands for: five characters for four bytes. */
export function decodeBytes(text) {
  const values = new Uint8Array(128);
  for (let i = 0; i < BASE85.length; i++) values[BASE85.charCodeAt(i)] = i;
  const bytes = new DataView(new ArrayBuffer((text.length / 5) * 4));
  for (let group = 0; group < text.length / 5; group++) {
    let word = 0;
    for (let i = 5 * group; i < 5 * group + 5; i++) word = word * 85 + values[text.charCodeAt(i)];
    bytes.setUint32(4 * group, word);
  }
  return new Uint8Array(bytes.buffer);
}

/** Returns the rows of 32-bit floats that text in Base85 stands for. */
export function decodeRows(text, length) {
  const numbers = new Float32Array(decodeBytes(text).buffer);
  const count = numbers.length / length;
  return Array.from({ length: count }, (_, row) => numbers.subarray(row * length, (row + 1) * length));
}
