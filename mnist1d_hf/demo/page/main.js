import { getData, setData } from "./data.js";
import { constructionSteps, drawExample } from "./generator.js";
import { loadNetworks } from "./networks.js";

setData(JSON.parse(document.getElementById("data").textContent));
const steps = constructionSteps(3, getData().parameters, drawExample(getData().parameters, 0));
document.getElementById("count").textContent = `${loadNetworks("default").length} ${Object.keys(steps).length}`;
