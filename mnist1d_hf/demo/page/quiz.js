// Questions, answers and scores of the quiz, as in `mnist1d-hf experiment human`.

import { decodeBytes, decodeRows, getData } from "./data.js";
import { networksOf } from "./trained.js";
import { argmax } from "./tensors.js";

/** Standard score of a 95 % interval. */
const Z = 1.959963984540054;

let rows = null;

/** Returns the test rows: signals x and digits y. */
function testRows() {
  if (!rows) {
    const { x, y } = getData().test;
    rows = { x: decodeRows(x, getData().parameters.final_seq_length), y: decodeBytes(y) };
  }
  return rows;
}

/** Returns the training rows to study: signals, by digit. */
export function studySignals() {
  const { x, y } = getData().human.study;
  const signals = decodeRows(x, getData().parameters.final_seq_length);
  return Array.from({ length: 10 }, (_, digit) => signals.filter((_signal, row) => y[row] === digit));
}

/** Returns the test row of a question: its number, its signal and its digit. */
export function questionAt(index) {
  const row = getData().human.order[index];
  const { x, y } = testRows();
  return { row, signal: x[row], digit: y[row] };
}

/** Returns the first questions. */
export function firstQuestions(number) {
  return Array.from({ length: number }, (_, index) => questionAt(index));
}

/** Answers of all networks by question; they are asked once. */
const asked = [];

function answersTo(index) {
  const { signal } = questionAt(index);
  asked[index] ??= networksOf("default").map(({ logits }) => argmax(logits(signal)));
  return asked[index];
}

/** Returns what each network answers to the first questions: [{ name, title, answers }]. */
export function networkAnswers(number) {
  const answers = Array.from({ length: number }, (_, index) => answersTo(index));
  return networksOf("default").map(({ name, title }, network) => ({
    name,
    title,
    answers: answers.map((ofAll) => ofAll[network]),
  }));
}

/** Compares answers with the digits of the first questions: number right, 95 % interval, wrong answers by digit. */
export function scoreOf(answers) {
  const wrong = Array(10).fill(0);
  firstQuestions(answers.length).forEach(({ digit }, index) => {
    wrong[digit] += answers[index] !== digit;
  });
  const correct = answers.length - wrong.reduce((sum, count) => sum + count, 0);
  return { rows: answers.length, correct, wrong, interval: wilsonInterval(correct, answers.length) };
}

/** Returns the ends of the 95 % Wilson score interval of a fraction. */
function wilsonInterval(correct, rows) {
  const fraction = correct / rows;
  const middle = fraction + Z ** 2 / (2 * rows);
  const half = Z * Math.sqrt((fraction * (1 - fraction)) / rows + (Z / (2 * rows)) ** 2);
  const ends = [middle - half, middle + half].map((end) => end / (1 + Z ** 2 / rows));
  return [correct === 0 ? 0 : ends[0], correct === rows ? 1 : ends[1]];
}

/** Returns the file that `mnist1d-hf experiment human --seed 0` writes of these answers. */
export function answersFile(answers, seconds) {
  const { version, data_version, human } = getData();
  const content = {
    experiment: "human",
    config: human.config,
    seed: human.seed,
    data_version,
    versions: { "mnist1d-hf": version },
    command: "mnist1d-hf demo",
    rows: human.order.slice(0, answers.length),
    answers,
    seconds,
  };
  return `${JSON.stringify(content, null, 2)}\n`;
}
