// The tab "Beat the networks": a quiz on test rows. Phases: start, study, question, feedback, end.

import { getData } from "./data.js";
import { curve, element, listing, mark, percent, picture, spoken, upright } from "./drawing.js";
import { uprightPicture } from "./drawing.js";
import { answersFile, firstQuestions, networkAnswers, questionAt, scoreOf, studySignals } from "./quiz.js";
import { getState, roundLengths, setState } from "./state.js";

const beginning = { phase: "start", answers: [], seconds: [], end: 0, askedAt: 0 };

let quiz = beginning;

const PHASES = { start: startView, study: studyView, question: questionView, feedback: questionView, end: endView };

/** Listens to the keys 0 to 9. */
export function startBeat() {
  document.addEventListener("keydown", (event) => {
    const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey && !event.repeat;
    const isAsked = quiz.phase === "question" && getState().tab === "beat";
    if (isPlain && isAsked && /^[0-9]$/.test(event.key)) answer(Number(event.key));
  });
}

/** Shows the quiz where it stands. */
export function renderBeat(state) {
  const content = document.getElementById("beat-content");
  // Choosing the number of questions must not take the focus from the choice.
  const questions = quiz.phase === "start" ? "" : state.questions;
  const shown = `${quiz.phase} ${quiz.answers.length} ${quiz.end} ${questions}`;
  if (content.dataset.shown !== shown) {
    content.dataset.shown = shown;
    content.className = quiz.phase;
    content.replaceChildren(...PHASES[quiz.phase](state));
  }
  for (const radio of content.querySelectorAll("input")) radio.checked = Number(radio.value) === state.questions;
}

/** Goes to another phase; what is read next gets the focus. */
function enter(changes) {
  quiz = { ...quiz, ...changes };
  renderBeat(getState());
  document.querySelector("#beat-content [data-focus]").focus();
}

function begin(number) {
  enter({ phase: "question", end: quiz.answers.length + number, askedAt: performance.now() });
}

function answer(digit) {
  const seconds = Math.round((performance.now() - quiz.askedAt) / 100) / 10;
  enter({ phase: "feedback", answers: [...quiz.answers, digit], seconds: [...quiz.seconds, seconds] });
}

function goOn() {
  const isOver = quiz.answers.length === quiz.end;
  enter(isOver ? { phase: "end" } : { phase: "question", askedAt: performance.now() });
}

function button(text, onClick, attributes = {}) {
  const made = element("button", { type: "button", ...attributes }, text);
  made.addEventListener("click", onClick);
  return made;
}

function heading(text, attributes = {}) {
  return element("h2", { tabindex: -1, "data-focus": "", ...attributes }, text);
}

function startView() {
  const choices = roundLengths().map((number) => {
    const radio = element("input", { type: "radio", name: "questions", value: number });
    radio.addEventListener("change", () => setState({ questions: number }));
    return element("label", {}, radio, element("span", {}, String(number)));
  });
  const { mean, error } = getData().human.paper;
  return [
    element(
      "div",
      { class: "card intro" },
      heading("Can you beat a CNN?"),
      element(
        "p",
        {},
        `You see a curve and name its digit, 0 to 9; the networks name the same ones. The paper's human got ` +
          `${humanText(mean, error)} right. Study for a minute first: it helps a lot.`,
      ),
      element("fieldset", { class: "choice" }, element("legend", {}, "Questions"), ...choices),
      element(
        "div",
        { class: "row" },
        button("Study first", () => enter({ phase: "study" }), { class: "primary", id: "study" }),
        button("Start at once", () => begin(getState().questions), { id: "start" }),
      ),
    ),
    element(
      "div",
      { class: "card" },
      element("h2", {}, "Who you play against"),
      element("p", { class: "note" }, "Networks: right answers to all 1,000 test digits. Human: as the paper reports."),
      opponents(),
    ),
  ];
}

/** Returns the table of those to beat: their accuracies on all test rows, the best first. */
function opponents() {
  const { paper } = getData().human;
  const networks = getData().models.map(({ title, accuracy }) => ({ title, share: accuracy.default }));
  const human = { title: "The paper's human", share: paper.mean, text: humanText(paper.mean, paper.error) };
  const rows = [human, ...networks].sort((one, other) => other.share - one.share);
  const cells = ({ title, share, text }) => [
    element("th", { scope: "row" }, title),
    element("td", { class: "plot" }, plot(share, [share, share])),
    element("td", {}, text ?? percent(share, 1)),
  ];
  return element(
    "table",
    { class: "opponents" },
    element("tbody", {}, ...rows.map((row) => element("tr", {}, ...cells(row)))),
  );
}

function humanText(mean, error) {
  return `${(100 * mean).toFixed(0)}\u00a0±\u00a0${(100 * error).toFixed(0)}\u00a0%`;
}

function studyView(state) {
  const digits = studySignals().map((signals, digit) =>
    element(
      "li",
      {},
      element("b", {}, String(digit), templatePicture(digit)),
      ...signals.map((signal, index) => uprightPicture(signal, `Example ${index + 1} of a ${digit}`)),
    ),
  );
  const go = () => begin(state.questions);
  return [
    element(
      "div",
      { class: "card" },
      heading("Study: six examples of each digit"),
      element(
        "p",
        {},
        "Under each digit is its shape without noise. Examples start anywhere and tilt, so look for the shape.",
      ),
      element(
        "div",
        { class: "row" },
        button(`Start: ${state.questions} questions`, go, { class: "primary", id: "start" }),
      ),
      element("ol", { class: "examples" }, ...digits),
      element("div", { class: "row" }, button(`Start: ${state.questions} questions`, go, { class: "primary" })),
    ),
  ];
}

function questionView() {
  const isAsked = quiz.phase === "question";
  const number = quiz.answers.length + (isAsked ? 1 : 0);
  const question = questionAt(number - 1);
  const done = (100 * quiz.answers.length) / quiz.end;
  const title = heading(`Question ${number} of ${quiz.end}`, { id: "progress" });
  if (!isAsked) title.removeAttribute("data-focus");
  const keys = Array.from({ length: 10 }, (_, digit) => keyOf(digit, question.digit, isAsked));
  return [
    element(
      "div",
      { class: "card question" },
      title,
      element("div", { class: "bar", "aria-hidden": "true" }, element("i", { style: `width: ${done}%` })),
      element(
        "div",
        { class: "asked" },
        uprightPicture(question.signal, "A curve of 40 points, drawn upright: which digit is it?"),
      ),
      element("div", { class: "keys" }, ...keys),
      element("div", { id: "feedback", role: "status" }, ...(isAsked ? [hint()] : feedback(question))),
      ...(isAsked
        ? []
        : [
            button(quiz.answers.length === quiz.end ? "See how it went" : "Next", goOn, {
              class: "primary",
              id: "next",
              "data-focus": "",
            }),
          ]),
    ),
    element(
      "div",
      { class: "card" },
      element("h2", {}, "So far"),
      ...(quiz.answers.length
        ? [element("p", { class: "note" }, pace()), scores()]
        : [element("p", { class: "note" }, "Nothing yet. Take your time.")]),
    ),
  ];
}

function keyOf(digit, right, isAsked) {
  const given = quiz.answers.at(-1);
  const key = button(String(digit), () => answer(digit), { id: `answer-${digit}`, "aria-label": `Answer ${digit}` });
  if (isAsked) return key;
  key.disabled = true;
  if (digit === right) key.className = "right";
  else if (digit === given) key.className = "wrong";
  if (key.className) key.textContent = `${mark(digit === right)} ${digit}`;
  return key;
}

function hint() {
  return element("p", { class: "note" }, "Which digit is it? Tap it, or press 0 to 9.");
}

function feedback({ digit }) {
  const given = quiz.answers.at(-1);
  const said = networkAnswers(quiz.answers.length).map(({ name, title, answers }) => ({
    name,
    title,
    says: answers.at(-1),
  }));
  const cnn = said.find(({ name }) => name === "cnn").says;
  const right = said.filter(({ says }) => says === digit).length;
  const verdict = given === digit ? `✓ Yes, it is ${digit}.` : `✗ No, it is ${digit}.`;
  return [
    element("p", { class: given === digit ? "right" : "wrong" }, element("b", {}, verdict)),
    element("p", {}, `The CNN says ${cnn} ${mark(cnn === digit)}. ${right} of ${said.length} networks know it.`),
    template(digit),
  ];
}

/** Returns a digit as its template, beside which a signal can be compared. */
function template(digit) {
  return element("p", { class: "template" }, templatePicture(digit), `a ${digit} without noise`);
}

function templatePicture(digit) {
  return picture(null, curve(upright(getData().templates.x[digit], 0.62), "signal"));
}

function standings() {
  const number = quiz.answers.length;
  return [{ name: "you", title: "You", answers: quiz.answers }, ...networkAnswers(number)].map((player) => ({
    ...player,
    score: scoreOf(player.answers),
  }));
}

/** Returns the table of all scores: accuracy with its interval, and wrong answers by digit. */
function scores() {
  const digits = Array.from({ length: 10 }, (_, digit) =>
    element("th", { scope: "col", class: "digit" }, spoken("wrong on "), String(digit)),
  );
  const head = element(
    "tr",
    {},
    element("th", { scope: "col" }, "Who"),
    element("th", { scope: "col", class: "plot" }, "0 to 100\u00a0%"),
    element("th", { scope: "col" }, "Right"),
    ...digits,
  );
  const rows = standings().map(({ name, title, score }) => {
    const { rows: asked, correct, interval, wrong } = score;
    const range = interval.map((end) => (100 * end).toFixed(0)).join(" to ");
    return element(
      "tr",
      { class: name === "you" ? "you" : "" },
      element("th", { scope: "row" }, title),
      element("td", { class: "plot" }, plot(correct / asked, interval)),
      element("td", { class: "number" }, `${correct} of ${asked}`, element("small", {}, `${range}\u00a0%`)),
      ...wrong.map((count) => element("td", { class: count ? "digit some" : "digit" }, count ? String(count) : "·")),
    );
  });
  const { mean, error } = getData().human.paper;
  const human = element(
    "tr",
    { class: "human" },
    element("th", { scope: "row" }, "Paper's human"),
    element("td", { class: "plot" }, plot(mean, [mean - error, mean + error])),
    element("td", { class: "number" }, humanText(mean, error)),
    ...Array.from({ length: 10 }, () => element("td", { class: "digit" }, "")),
  );
  return element("table", { id: "scores" }, element("thead", {}, head), element("tbody", {}, ...rows, human));
}

function plot(fraction, [low, high]) {
  const line = element("i", { class: "interval", style: `left: ${100 * low}%; right: ${100 - 100 * high}%` });
  return element(
    "span",
    { class: "track", "aria-hidden": "true" },
    line,
    element("i", { class: "point", style: `left: ${100 * fraction}%` }),
  );
}

function endView(state) {
  const number = quiz.answers.length;
  const table = standings();
  const [you, cnn] = ["you", "cnn"].map((name) => table.find((player) => player.name === name));
  const missed = firstQuestions(number).map((question, index) => ({
    ...question,
    you: you.answers[index],
    cnn: cnn.answers[index],
  }));
  return [
    element(
      "div",
      { class: "card" },
      heading(outcome(you.score.correct, cnn.score.correct)),
      ...summary(you.score, cnn.score).map((text) => element("p", {}, text)),
      element(
        "div",
        { class: "row" },
        button(
          `${state.questions} more questions`,
          () => begin(Math.min(state.questions, getData().human.order.length - number)),
          { class: "primary", id: "more" },
        ),
        button("Study", () => enter({ phase: "study" })),
        button("Start anew", () => enter(beginning), { id: "anew" }),
        button("Download your answers", download, { id: "download" }),
      ),
      element("p", { class: "note" }, "The download is the file that mnist1d-hf experiment human writes and resumes."),
    ),
    element(
      "div",
      { class: "card" },
      element("h2", {}, "All answers to the same questions"),
      scores(),
      element(
        "p",
        { class: "note" },
        "Percentages from … to …: where the share of right answers would lie in the long run, " +
          "with 95\u00a0% confidence. Columns 0 to 9: wrong answers by digit.",
      ),
    ),
    element(
      "div",
      { class: "card" },
      element("h2", {}, "The ones you or the CNN missed"),
      gallery(missed.filter((question) => question.you !== question.digit || question.cnn !== question.digit)),
    ),
  ];
}

function outcome(you, cnn) {
  if (you > cnn) return `You beat the CNN, ${you} to ${cnn}!`;
  if (you === cnn) return `A draw with the CNN: ${you} each`;
  return `The CNN wins, ${cnn} to ${you}`;
}

/** Says how fast the answers were. */
function pace() {
  const seconds = quiz.seconds.reduce((sum, value) => sum + value, 0);
  return `${(seconds / quiz.seconds.length).toFixed(1)}\u00a0s an answer, ${seconds.toFixed(0)}\u00a0s in all`;
}

function summary(you, cnn) {
  const slips = ({ wrong }) => listing(wrong.flatMap((count, digit) => (count ? [String(digit)] : []))) || "no digit";
  const [low, high] = you.interval.map((end) => percent(end));
  return [
    `You slipped on ${slips(you)}; the CNN on ${slips(cnn)}.`,
    `${you.correct} of ${you.rows} right; ${pace()}. Chance plays a part: in the long run you would get ` +
      `between ${low} and ${high}.`,
  ];
}

function gallery(questions) {
  if (!questions.length) return element("p", {}, "None. Well done, both of you.");
  const items = questions.map(({ signal, digit, you, cnn }) => {
    const said = (who, says) =>
      element("span", { class: says === digit ? "right" : "wrong" }, `${who} ${mark(says === digit)} ${says}`);
    return element(
      "li",
      {},
      uprightPicture(signal, `A ${digit}, drawn upright`),
      element("b", {}, `a ${digit}`),
      said("You", you),
      said("CNN", cnn),
    );
  });
  return element("ul", { class: "gallery" }, ...items);
}

function download() {
  const blob = new Blob([answersFile(quiz.answers, quiz.seconds)], { type: "application/json" });
  const link = element("a", { href: URL.createObjectURL(blob), download: "answers-seed0.json" });
  link.click();
  URL.revokeObjectURL(link.href);
}
