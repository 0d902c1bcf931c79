// The rows that Python put into the page: test rows, and training rows to study.

import { getData } from "./data.js";

let rows = null;

function bytesOf(text) {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

/** Return the test rows: signals x and digits y. */
export function testRows() {
  if (!rows) {
    const { x, y } = getData().test;
    const digits = bytesOf(y);
    const numbers = new Float32Array(bytesOf(x).buffer);
    const length = numbers.length / digits.length;
    rows = { x: Array.from(digits, (_, row) => numbers.subarray(row * length, (row + 1) * length)), y: digits };
  }
  return rows;
}

/** Return the signals to study, by digit. */
export function studyRows() {
  return getData().human.study;
}
