// Starts the page: the tabs, and what they show.

import { setData, getData } from "./data.js";
import { element } from "./drawing.js";
import { followAddress, getState, setState, tabNames } from "./state.js";
import { renderShape, startShape } from "./shape.js";
import { renderBeat, startBeat } from "./beat.js";
import { renderHarder, startHarder } from "./harder.js";
import { startResults } from "./results.js";

const LINKS = { repository: "Source code", paper: "The paper", original: "Its authors' code" };

const RENDER = { shape: renderShape, beat: renderBeat, harder: renderHarder, results: () => {} };

let renders = 0;
let isWaiting = false;

/** Shows a state: its tab, and what is in it. */
function render(state) {
  for (const name of tabNames()) {
    const isShown = name === state.tab;
    const tab = document.getElementById(`tab-${name}`);
    tab.setAttribute("aria-selected", isShown);
    tab.tabIndex = isShown ? 0 : -1;
    document.getElementById(name).hidden = !isShown;
  }
  RENDER[state.tab](state);
  renders += 1;
  document.documentElement.dataset.renders = renders;
}

/** Shows the newest state once a frame, however often it changes. */
function renderSoon() {
  if (isWaiting) return;
  isWaiting = true;
  requestAnimationFrame(() => {
    isWaiting = false;
    render(getState());
  });
}

function startTabs() {
  const tabs = tabNames();
  const go = (name) => {
    setState({ tab: name });
    document.getElementById(`tab-${name}`).focus();
  };
  for (const [index, name] of tabs.entries()) {
    const tab = document.getElementById(`tab-${name}`);
    tab.addEventListener("click", () => go(name));
    tab.addEventListener("keydown", (event) => {
      const to = {
        ArrowRight: (index + 1) % tabs.length,
        ArrowLeft: (index + tabs.length - 1) % tabs.length,
        Home: 0,
        End: tabs.length - 1,
      }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      go(tabs[to]);
    });
  }
}

function showLinks() {
  const { links } = getData();
  const shown = Object.entries(LINKS).map(([name, text]) => element("a", { href: links[name] }, text));
  document.getElementById("links").append(...shown.flatMap((link) => [link, " "]));
}

function start() {
  setData(JSON.parse(document.getElementById("data").textContent));
  startTabs();
  startShape();
  startBeat();
  startHarder();
  startResults();
  showLinks();
  followAddress((state) => (renders ? renderSoon() : render(state)));
  document.documentElement.dataset.ready = "";
}

start();
