// Ties map, table and charts together. Everything shown comes from the page itself.

const byId = (id) => document.getElementById(id);
const readJson = (id) => JSON.parse(byId(id).textContent);

function currentTheme() {
  const set = document.documentElement.dataset.theme;
  if (set) return set;
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

function buildColumns(facts, model) {
  const several = model.runs.length > 1;
  const columns = [
    {
      key: "net",
      label: "Net",
      title: "Name of the net",
      text: true,
      least: 78,
      share: 1.5,
      value: (n) => model.names[n],
      show: (n) => model.names[n],
    },
    {
      key: "pins",
      label: "Pins",
      title: "Tiles with a pin of the net",
      least: 46,
      share: 1,
      value: (n) => model.pinCounts[n],
      show: (n) => model.pinCounts[n],
    },
  ];
  const number = (key, label, title, value, extra = {}) =>
    columns.push({
      key,
      label,
      title,
      least: 58,
      share: 1,
      value,
      show: (n) => count.format(value(n)),
      ...extra,
    });
  const ratio = (run) => (n) => (model.bounds[n] ? run.lengths[n] / model.bounds[n] : 0);
  if (several) {
    model.runs.forEach((run) => {
      number(
        run.letter.toLowerCase(),
        run.letter,
        `Length in ${run.label}, tile edges`,
        (n) => run.lengths[n],
      );
    });
    const change = (n) => model.runs.at(-1).lengths[n] - model.runs[0].lengths[n];
    number("change", "Change", "Last run's length less the first's", change, {
      show: (n) => (change(n) > 0 ? "+" : "") + change(n),
      bad: (n) => change(n) > 0,
    });
    if (model.layers) {
      const vias = (n) => model.runs.at(-1).viaCounts[n] - model.runs[0].viaCounts[n];
      number("vias", "Vias", "Last run's vias less the first's", vias, {
        show: (n) => (vias(n) > 0 ? "+" : "") + vias(n),
        bad: (n) => vias(n) > 0,
      });
    }
    const apart = differingEdges(model);
    number("differ", "Differ", "Edges that only one of first and last run uses", (n) => apart[n]);
  } else {
    const [run] = model.runs;
    number("length", "Length", "Length of the wire, tile edges", (n) => run.lengths[n], {
      least: 74,
    });
    if (model.layers) {
      number("vias", "Vias", "Vias between neighbouring layers", (n) => run.viaCounts[n], {
        least: 46,
      });
      // All names are sought, the ends of the range are shown.
      const names = (n) => usedLayers(run, n).map((layer) => model.layers.names[layer]);
      columns.push({
        key: "layers",
        label: "Layers",
        title: "Lowest and highest layer of the net's wires and vias; layers:NAME seeks any of them",
        text: true,
        least: 96,
        share: 1.6,
        value: (n) => names(n).join(" "),
        show: (n) => rangeText(names(n)),
      });
    }
    number(
      "ratio",
      "Ratio",
      `Length over the net's lower bound: ${facts.bound_meaning}`,
      ratio(run),
      {
        show: (n) => (model.bounds[n] && run.lengths[n] ? ratio(run)(n).toFixed(2) : "–"),
      },
    );
    number("over", "Over", "Overflowed edges that the net uses", (n) => run.over[n], {
      bad: (n) => run.over[n] > 0,
    });
    if (run.exit) {
      number("exit", "Exit", "Window of the model that drew the net, tiles", (n) => run.exit[n], {
        show: (n) => run.exit[n] || "–",
      });
    }
    if (run.stage) {
      const stage = (n) => facts.stage_names[run.stage[n]];
      columns.push({
        key: "stage",
        label: "Stage",
        title: "Stage that gave the net its final wire",
        text: true,
        least: 76,
        share: 1.4,
        value: stage,
        show: stage,
      });
    }
  }
  return columns;
}

// "metal1–3" for metal1 to metal3, "–" for none.
function rangeText(names) {
  if (names.length < 2) return names[0] || "–";
  const [first, last] = [names[0], names.at(-1)].map((name) => name.match(/^(.*?)(\d*)$/));
  return `${first[0]}–${first[1] === last[1] && last[2] ? last[2] : last[0]}`;
}

// For each net, the edges that the first run uses and the last does not, or the other way round.
function differingEdges(model) {
  const [first, last] = [model.runs[0], model.runs.at(-1)];
  const apart = new Int32Array(model.nets);
  for (let net = 0; net < model.nets; net++) {
    const a = edgeKeys(model, first, net);
    const b = edgeKeys(model, last, net);
    let [i, j, common] = [0, 0, 0];
    while (i < a.length && j < b.length) {
      if (a[i] === b[j]) {
        common++;
        i++;
        j++;
      } else if (a[i] < b[j]) i++;
      else j++;
    }
    apart[net] = a.length + b.length - 2 * common;
  }
  return apart;
}

// The edges of a net as rising numbers; those of one edge on several layers differ.
function edgeKeys(model, run, net) {
  const edges = netEdges(run, net);
  if (!model.layers) return edges;
  const layers = netLayers(run, net);
  return Array.from(edges, (edge, i) => edge * model.layers.names.length + layers[i]);
}

class Page {
  constructor(facts, model) {
    this.facts = facts;
    this.model = model;
    this.columns = buildColumns(facts, model);
    this.kind = "both";
    this.run = model.runs.length - 1;
    this.layer = ALL_LAYERS;
    this.net = -1;
    this.place = null; // {edge} or {tile}: only nets through it are listed
    this.hot = -1;
    this.table = new NetTable(byId("nets"), this.columns, model.nets, {
      choose: (net) => this.choose(net),
      open: (net) => this.#frame(net),
      tap: () => this.#showMap(),
    });
    this.map = new RouteMap(byId("map"), model, {
      hover: (at) => this.#hover(at),
      click: (at) => at && this.#pick(at),
    });
    this.charts = new Charts(facts);
    this.#wireControls();
    this.hotEdges = this.#rankEdges();
    this.list();
    this.paint();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.paint());
    this.#followAddress();
    addEventListener("hashchange", () => this.#followAddress());
  }

  // A list to choose a number from, where the page has it.
  #offerChoice(id, chosen, choose) {
    const list = byId(id);
    if (!list) return;
    list.value = chosen;
    list.addEventListener("change", () => {
      choose(Number(list.value));
      this.paint();
    });
  }

  #wireControls() {
    for (const input of document.querySelectorAll("input[name=kind]")) {
      input.addEventListener("change", () => {
        this.kind = input.value;
        this.paint();
      });
    }
    this.#offerChoice("layer", this.layer, (layer) => {
      this.layer = layer;
      this.#forgetPlace();
      this.#offerKinds();
      this.hotEdges = this.#rankEdges();
    });
    this.#offerChoice("run", this.run, (run) => {
      this.run = run;
      this.hotEdges = this.#rankEdges();
      this.hot = -1;
      this.map.select(this.net, this.run);
      if (this.net >= 0) this.#describe(this.net);
    });
    byId("nearer").addEventListener("click", () => this.map.zoomBy(0.6));
    byId("farther").addEventListener("click", () => this.map.zoomBy(1 / 0.6));
    byId("fit").addEventListener("click", () => this.map.fit());
    byId("hot").addEventListener("click", () => this.#nextHot());
    byId("search").addEventListener("input", () => this.list());
    byId("search").addEventListener("keydown", (event) => {
      if (event.key === "ArrowDown") {
        byId("nets").querySelector(".body").focus();
        event.preventDefault();
      }
    });
    byId("place").addEventListener("click", () => this.#forgetPlace());
    byId("theme").addEventListener("click", () => {
      document.documentElement.dataset.theme = currentTheme() === "dark" ? "light" : "dark";
      this.paint();
    });
    document.addEventListener("keydown", (event) => {
      const typing = event.target instanceof HTMLInputElement && event.target.type === "search";
      if (event.key === "/" && !typing) {
        byId("search").focus();
        event.preventDefault();
      }
    });
  }

  #forgetPlace() {
    this.place = null;
    this.hot = -1;
    this.map.markEdge(-1);
    this.list();
  }

  // A layer has edges in one direction only.
  #offerKinds() {
    const { layers } = this.model;
    const own = this.layer === ALL_LAYERS || (layers.horizontal[this.layer] ? "horizontal" : "vertical");
    for (const kind of ["horizontal", "vertical"]) {
      document.querySelector(`input[name=kind][value=${kind}]`).disabled = own !== true && own !== kind;
    }
    const chosen = document.querySelector("input[name=kind]:checked");
    if (chosen.disabled) document.querySelector("input[name=kind][value=both]").click();
  }

  #plane(run) {
    return planeOf(this.model, run, this.layer);
  }

  paint() {
    const theme = currentTheme();
    const palette = { ...this.facts.palette[theme], ...this.facts.palette.scale };
    byId("theme").setAttribute("aria-pressed", theme === "dark");
    const { runs, pinDensity } = this.model;
    let colour = congestionColour(palette);
    let range = null;
    if (this.kind === "pins") {
      const most = Math.max(
        1,
        pinDensity.reduce((a, b) => Math.max(a, b), 0),
      );
      colour = densityColour(palette, most);
      range = [`0`, `${most} nets with a pin in the tile`];
    } else if (this.kind === "difference") {
      let most = 1;
      const [shown, base] = [runs[this.run], runs[0]].map((run) => this.#plane(run).demand);
      for (let e = 0; e < shown.length; e++) most = Math.max(most, Math.abs(shown[e] - base[e]));
      colour = differenceColour(palette, most);
      range = [`${most} fewer nets than ${runs[0].letter}`, `${most} more`];
    }
    byId("scale").dataset.kind = this.kind;
    byId("scale-low").textContent = range ? range[0] : "0 %";
    byId("scale-high").textContent = range ? range[1] : "<100 % of the tracks";
    this.map.show({ kind: this.kind, run: this.run, layer: this.layer, colour }, palette);
    for (const swatch of document.querySelectorAll("#detail [data-layer]")) {
      swatch.style.background = layerColour(palette, swatch.dataset.layer);
    }
    this.charts.draw(palette);
  }

  list() {
    const tests = parseQuery(byId("search").value, this.columns);
    const { model } = this;
    const nets = [];
    const through = this.place && this.#netsAt(this.place);
    for (let net = 0; net < model.nets; net++) {
      if (through && !through.has(net)) continue;
      if (tests.every((test) => test(net, model))) nets.push(net);
    }
    this.table.show(nets);
    byId("count").textContent =
      nets.length === model.nets
        ? `${count.format(model.nets)} nets`
        : `${count.format(nets.length)} of ${count.format(model.nets)} nets`;
    byId("none").hidden = nets.length > 0;
    const place = byId("place");
    place.hidden = !this.place;
    if (this.place) {
      const where =
        this.place.tile === undefined
          ? `through ${edgeName(model, this.place.edge)}`
          : `with a pin in (${this.place.tile % model.width},${Math.floor(this.place.tile / model.width)})`;
      place.textContent = `${where} ✕`;
      place.setAttribute("aria-label", `Nets ${where}: show all nets again`);
    }
  }

  #netsAt({ edge, tile }) {
    const { model } = this;
    const run = model.runs[this.run];
    const [items, offsets, wanted] =
      tile === undefined
        ? [run.edges, run.offsets, edge]
        : [model.pins, model.pinOffsets, tile];
    const onLayer = tile === undefined && this.layer !== ALL_LAYERS;
    const nets = new Set();
    for (let net = 0; net < model.nets; net++) {
      for (let i = offsets[net]; i < offsets[net + 1]; i++) {
        if (items[i] === wanted && !(onLayer && run.layers[i] !== this.layer)) nets.add(net);
      }
    }
    return nets;
  }

  choose(net) {
    this.net = net;
    this.map.select(net, this.run);
    this.#describe(net);
    history.replaceState(null, "", `#net=${encodeURIComponent(this.model.names[net])}`);
    if (!this.#inSight(net)) this.#frame(net);
  }

  #box(net) {
    const { model } = this;
    const run = model.runs[this.run];
    const tiles = [...netPins(run, net)];
    for (const edge of netEdges(run, net)) tiles.push(edge >> 1);
    const xs = tiles.map((tile) => tile % model.width);
    const ys = tiles.map((tile) => Math.floor(tile / model.width));
    const low = (values) => values.reduce((a, b) => Math.min(a, b), Infinity);
    const high = (values) => values.reduce((a, b) => Math.max(a, b), 0);
    return [low(xs), low(ys), high(xs), high(ys)];
  }

  #inSight(net) {
    const [x0, y0, x1, y1] = this.#box(net);
    const { extent, zoom } = this.map;
    const seen = (range, [from, to]) => [
      range[0] + from * (range[1] - range[0]),
      range[0] + to * (range[1] - range[0]),
    ];
    const [left, right] = seen(extent.x, zoom.x);
    const [bottom, top] = seen(extent.y, zoom.y);
    return x0 >= left && x1 <= right && y0 >= bottom && y1 <= top;
  }

  #frame(net) {
    if (this.model.pinCounts[net]) this.map.zoomTo(...this.#box(net));
  }

  // On a narrow screen the map lies above the table, where a tap would draw unseen.
  #showMap() {
    const map = byId("map");
    const { top, bottom } = map.getBoundingClientRect();
    if (bottom < 120 || top > innerHeight - 120) map.scrollIntoView({ block: "center" });
  }

  #describe(net) {
    const { model, facts } = this;
    const entries = [
      ["id", model.ids[net]],
      ["pins", model.pinCounts[net]],
    ];
    model.runs.forEach((run) => {
      const of = model.runs.length > 1 ? ` in ${run.letter}` : "";
      entries.push([`length${of}`, count.format(run.lengths[net])]);
      if (model.layers) entries.push([`vias${of}`, count.format(run.viaCounts[net])]);
      if (run.over[net]) entries.push([`overflowed edges${of}`, run.over[net]]);
      if (run.stage) entries.push([`stage${of}`, facts.stage_names[run.stage[net]]]);
      if (run.exit && run.exit[net])
        entries.push([`exit${of}`, `${run.exit[net]}×${run.exit[net]}`]);
    });
    if (model.runs.length > 1) {
      const line = model.layers ? "solid line" : "green line";
      entries.push([line, model.runs[this.run].letter]);
      entries.push(["red, dashed", `only ${model.runs[otherRun(model, this.run)].letter}`]);
    }
    entries.push([facts.bound_label, count.format(model.bounds[net])]);
    const panel = byId("detail");
    panel.hidden = false;
    byId("detail-name").textContent = model.names[net];
    byId("detail-list").replaceChildren(
      ...entries.map(([label, value]) => {
        const item = document.createElement("div");
        const term = document.createElement("dt");
        const text = document.createElement("dd");
        term.textContent = label;
        text.textContent = value;
        item.append(term, text);
        return item;
      }),
      ...(model.layers ? this.#legend(net) : []),
    );
    byId("frame").onclick = () => this.#frame(net);
  }

  // The colour of each layer of a net, and the length of its wire there.
  #legend(net) {
    const { model, facts } = this;
    const palette = facts.palette[currentTheme()];
    const run = model.runs[this.run];
    const lengths = new Map();
    for (const layer of netLayers(run, net)) lengths.set(layer, (lengths.get(layer) || 0) + 1);
    return [...lengths.keys()]
      .sort((a, b) => a - b)
      .map((layer) => {
        const item = document.createElement("div");
        const term = document.createElement("dt");
        const swatch = document.createElement("i");
        const text = document.createElement("dd");
        swatch.dataset.layer = layer;
        swatch.style.background = layerColour(palette, layer);
        term.append(swatch, model.layers.names[layer]);
        text.textContent = count.format(lengths.get(layer));
        item.append(term, text);
        return item;
      });
  }

  #edgeText(edge) {
    const { model } = this;
    const plane = this.#plane(model.runs[this.run]);
    const demand = plane.demand[edge];
    const capacity = plane.capacity[edge];
    const state =
      demand > capacity
        ? `, ${demand - capacity} over`
        : demand === capacity && capacity
          ? ", full"
          : "";
    const before =
      this.kind === "difference"
        ? `, ${this.#plane(model.runs[0]).demand[edge]} in ${model.runs[0].letter}`
        : "";
    const on = this.layer === ALL_LAYERS ? "" : ` on ${model.layers.names[this.layer]}`;
    return `edge ${edgeName(model, edge)}${on}: ${demand} of ${capacity} tracks${state}${before}`;
  }

  #hover(at) {
    const { model } = this;
    let text = byId("status").dataset.hint;
    if (at && at.edge >= 0) text = this.#edgeText(at.edge);
    else if (at) {
      const x = at.tile % model.width;
      text = `tile (${x},${Math.floor(at.tile / model.width)}): ${model.pinDensity[at.tile]} nets with a pin`;
    }
    byId("status").textContent = text;
  }

  #pick(at) {
    this.place = at.edge >= 0 ? { edge: at.edge } : { tile: at.tile };
    this.map.markEdge(at.edge);
    this.list();
  }

  // Edges without a free track, those furthest over capacity first.
  #rankEdges() {
    const { demand, capacity } = this.#plane(this.model.runs[this.run]);
    const edges = [];
    for (let e = 0; e < demand.length; e++)
      if (demand[e] && demand[e] >= capacity[e]) edges.push(e);
    edges.sort((a, b) => demand[b] - capacity[b] - (demand[a] - capacity[a]) || a - b);
    const over = edges.filter((e) => demand[e] > capacity[e]).length;
    byId("hot").textContent = over ? "Next overflow" : "Next full edge";
    byId("hot").disabled = !edges.length;
    return over ? edges.slice(0, over) : edges;
  }

  #nextHot() {
    if (this.kind === "pins") {
      document.querySelector("input[name=kind][value=both]").click();
    }
    this.hot = (this.hot + 1) % this.hotEdges.length;
    const edge = this.hotEdges[this.hot];
    const [x0, y0, x1, y1] = edgeEnds(this.model, edge);
    this.map.zoomTo(x0 - 4, y0 - 4, x1 + 4, y1 + 4);
    this.#pick({ edge });
    byId("status").textContent =
      `${this.hot + 1} of ${this.hotEdges.length}: ${this.#edgeText(edge)}`;
  }

  #followAddress() {
    const match = location.hash.match(/^#net=(.+)$/);
    if (!match) return;
    const net = this.model.names.indexOf(decodeURIComponent(match[1]));
    if (net < 0 || net === this.net) return;
    this.choose(net);
    this.table.mark(net);
    this.#frame(net);
  }
}

async function start() {
  const facts = readJson("facts");
  const parts = await unpack(facts.directory, byId("data").textContent);
  const page = new Page(facts, buildModel(facts, parts));
  window.edaroute = page;
  document.documentElement.dataset.ready = "true";
}

start().catch((error) => {
  const box = byId("trouble");
  box.hidden = false;
  box.textContent = `The map and the table could not be built: ${error.message}. A browser of 2023 or later is needed.`;
  console.error(error);
});
