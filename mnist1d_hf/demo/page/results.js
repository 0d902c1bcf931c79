// The tab "Results": how well the networks do, and the experiments of the paper, made again.

import { getData } from "./data.js";
import { element, percent } from "./drawing.js";

/** Builds the tab. */
export function startResults() {
  const networks = element(
    "div",
    { class: "card" },
    element("h2", {}, "In order, and shuffled"),
    element(
      "p",
      {},
      "Shuffle the points of all digits in one fixed way, train again, and what looks for shapes loses its lead: " +
        "the order of the points was what it had used.",
    ),
    networkTable(),
  );
  const experiments = getData().results.map(({ title, sentence, link, image, width, height }) =>
    element(
      "article",
      { class: "card result" },
      element("h2", {}, title),
      element("img", { src: image, width, height, alt: `Figure: ${title}`, decoding: "async" }),
      element("p", {}, sentence, " ", element("a", { href: link, "aria-label": `More about ${title}` }, "More")),
    ),
  );
  document.getElementById("results-content").append(networks, element("div", { class: "results" }, ...experiments));
}

function networkTable() {
  const head = ["Network", "In order", "Shuffled", "Numbers learned"].map((text) =>
    element("th", { scope: "col" }, text),
  );
  const rows = getData().models.map(({ title, about, parameters, accuracy }) =>
    element(
      "tr",
      {},
      element("th", { scope: "row" }, title, " ", element("small", {}, about)),
      element("td", {}, accuracyBar(accuracy.default)),
      element("td", {}, accuracyBar(accuracy.shuffled)),
      element("td", {}, parameters.toLocaleString("en")),
    ),
  );
  return element(
    "table",
    { class: "networks" },
    element("caption", {}, "Share of 1,000 test digits that each network names rightly"),
    element("thead", {}, element("tr", {}, ...head)),
    element("tbody", {}, ...rows),
  );
}

function accuracyBar(fraction) {
  const filled = element("i", { style: `width: ${100 * fraction}%` });
  return element(
    "span",
    { class: "accuracy" },
    element("span", {}, percent(fraction, 1)),
    element("span", { class: "track", "aria-hidden": "true" }, filled),
  );
}
