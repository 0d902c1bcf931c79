// Times the page's own scripts: reads the page's data from a file, prints CPU seconds as JSON.

import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [folder, file, runs] = process.argv.slice(2);
const [{ getData, setData }, { constructionSteps, drawExample, standardised }, { loadNetworks }, { sweep }] =
  await Promise.all(
    ["data.js", "generator.js", "networks.js", "sweep.js"].map((name) => import(new URL(name, pathToFileURL(`${folder}/`)))),
  );

/** Returns the shortest CPU time of several runs. */
async function bestSeconds(work) {
  let best = Infinity;
  for (let run = 0; run < Number(runs); run++) {
    const start = process.cpuUsage();
    await work();
    const { user, system } = process.cpuUsage(start);
    best = Math.min(best, (user + system) / 1e6);
  }
  return best;
}

setData(JSON.parse(readFileSync(file)));
const { parameters } = getData();
const networks = loadNetworks("default");
const seconds = { update: {} };

const draws = drawExample(parameters, 0);
const construct = () => standardised(constructionSteps(3, parameters, draws)["down-sampled"]);
const signal = construct();
const repeat = (work) => () => {
  for (let i = 0; i < 100; i++) work();
};
seconds.construction = (await bestSeconds(repeat(construct))) / 100;
for (const { name, logits } of networks) seconds.update[name] = (await bestSeconds(repeat(() => logits(signal)))) / 100;

const values = Array.from({ length: 9 }, (_, i) => 0.02 * (i + 1));
const request = { parameter: "iid_noise_scale", values, parameters, config: "default", seed: 0, digits: 100 };
const nothing = () => undefined;
seconds.sweep = await bestSeconds(() => sweep(request, nothing, () => true));
seconds.load = await bestSeconds(() => loadNetworks("default"));

process.stdout.write(JSON.stringify(seconds));
