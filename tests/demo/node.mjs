// Answers requests, one line of JSON each, with the page's own modules: { task, ...arguments } in, the result out.

import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";

const folder = pathToFileURL(`${process.argv[2]}/`);
const [data, generator, networks, random] = await Promise.all(
  ["data.js", "generator.js", "networks.js", "random.js"].map((file) => import(new URL(file, folder))),
);

// A worker of node made to look like one of a browser.
const PRELUDE = `
  const { parentPort } = require("node:worker_threads");
  globalThis.self = {
    addEventListener: (_, listen) => parentPort.on("message", (data) => listen({ data })),
    postMessage: (message) => parentPort.postMessage(message),
  };
`;

const tasks = {
  data({ data: content }) {
    data.setData(content);
    return null;
  },
  random({ seed, samples, normals, bounds }) {
    const state = new random.RandomState(seed);
    return {
      samples: Array.from({ length: samples }, () => state.randomSample()),
      normals: Array.from(state.standardNormals(normals)),
      below: bounds.map((bound) => state.below(bound)),
    };
  },
  construct({ digit, parameters, seed, draws }) {
    const steps = generator.constructionSteps(digit, parameters, { ...generator.drawExample(parameters, seed), ...draws });
    return Object.entries(steps).map(([name, signal]) => [name, Array.from(signal)]);
  },
  finish({ signal }) {
    const standardised = generator.standardised(Float64Array.from(signal));
    return { standardised: Array.from(standardised), shuffled: Array.from(generator.shuffled(standardised)) };
  },
  digits({ parameters, seed, count }) {
    const { x, y } = generator.makeDigits(parameters, seed, count);
    return { x: x.map((signal) => Array.from(signal)), y };
  },
  logits({ config, x }) {
    return Object.fromEntries(
      networks.loadNetworks(config).map(({ name, logits }) => [name, x.map((signal) => Array.from(logits(signal)))]),
    );
  },
  worker({ script, messages }) {
    return new Promise((resolve, reject) => {
      const worker = new Worker(PRELUDE + script, { eval: true });
      const answers = [];
      worker.on("error", reject);
      worker.on("message", (answer) => {
        answers.push(answer);
        if (answer.done) worker.terminate().then(() => resolve(answers));
      });
      messages.forEach((message) => worker.postMessage(message));
    });
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const { task, ...request } = JSON.parse(line);
  process.stdout.write(`${JSON.stringify(await tasks[task](request))}\n`);
}
