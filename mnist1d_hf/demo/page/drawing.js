// Elements, and curves as SVG. Curves stretch with their box and hold no text, so text is never scaled.

const SVG = "http://www.w3.org/2000/svg";

/** Signals are drawn on this scale, in standard deviations, unless they are larger. */
const REACH = 3.6;

/** Makes an element of HTML with attributes and children, which are elements or text. */
export function element(name, attributes = {}, ...children) {
  return furnish(document.createElement(name), attributes, children);
}

/** Makes an element of SVG. */
export function shape(name, attributes = {}, ...children) {
  return furnish(document.createElementNS(SVG, name), attributes, children);
}

function furnish(node, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== null) node.setAttribute(key, value);
  }
  node.append(...children);
  return node;
}

/** Makes text that is read out but not seen. */
export function spoken(text) {
  return element("span", { class: "spoken" }, text);
}

/** Returns a picture in the unit square that fills its box; the label says what it shows, null that it adds nothing. */
export function picture(label, ...curves) {
  const role = label === null ? { "aria-hidden": "true" } : { role: "img", "aria-label": label };
  return shape("svg", { viewBox: "0 0 1 1", preserveAspectRatio: "none", ...role }, ...curves);
}

/** Returns a curve through points [[x, y], ...] of the unit square. */
export function curve(points, name) {
  const d = points.map(([x, y], index) => `${index ? "L" : "M"}${x.toFixed(4)} ${y.toFixed(4)}`).join("");
  return shape("path", { d, class: name });
}

/** Returns a dot; a line of no length with round ends stays round however the picture is stretched. */
export function dot(x, y, name) {
  return shape("path", { d: `M${x.toFixed(4)} ${y.toFixed(4)}h0`, class: name });
}

/** Returns the points of a signal drawn upright: position downwards, value to the right. */
export function upright(signal, reach = REACH) {
  const scale = Math.max(reach, largest(signal));
  return Array.from(signal, (value, index) => [
    0.5 + 0.47 * (value / scale),
    0.01 + 0.98 * (index / (signal.length - 1)),
  ]);
}

/** Returns the points of a signal drawn lying: position to the right, value upwards. */
export function lying(signal, reach) {
  const scale = Math.max(reach, largest(signal));
  return Array.from(signal, (value, index) => [
    0.01 + 0.98 * (index / (signal.length - 1)),
    0.5 - 0.46 * (value / scale),
  ]);
}

/** Returns the picture of a signal drawn upright. */
export function uprightPicture(signal, label) {
  return picture(
    label,
    curve(
      [
        [0.5, 0],
        [0.5, 1],
      ],
      "middle",
    ),
    curve(upright(signal), "signal"),
  );
}

function largest(signal) {
  return signal.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}

/** Returns a fraction as a whole percentage, "92 %", with a space that does not break. */
export function percent(fraction, digits = 0) {
  return `${(100 * fraction).toFixed(digits)}\u00a0%`;
}

/** Returns "✓" or "✗". */
export function mark(isRight) {
  return isRight ? "✓" : "✗";
}

/** Joins words as in a sentence: "a, b and c". */
export function listing(words) {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}

const NUMBERS = ["none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];

/** Returns a small number as a word. */
export function inWords(number) {
  return NUMBERS[number] ?? String(number);
}
