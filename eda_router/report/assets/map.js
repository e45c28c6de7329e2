// The zoomable map: an ECharts chart in tile coordinates whose ground is one prepared image.

const MAP_PIXELS = 4096; // longer side of the prepared image, at most
const CUT_LABELS = 8; // places with their missing tracks beside them
const RING_LIMIT = 400; // more rings than this would hide the map

function hexRgb(colour) {
  return [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16));
}

function mix(from, to, share) {
  return from.map((value, c) => Math.round(value + (to[c] - value) * share));
}

// The colours of palette.congestion_colours, as a function of demand and capacity.
function congestionColour(palette) {
  const stops = palette.stops;
  const ramp = palette.ramp.map(hexRgb);
  const full = hexRgb(palette.full);
  const over = hexRgb(palette.over);
  const deep = hexRgb(palette.deep);
  const blocked = hexRgb(palette.blocked);
  return (demand, capacity) => {
    if (demand > capacity) {
      const use = capacity ? demand / capacity : Infinity;
      return mix(over, deep, Math.min((use - 1) / (palette.deep_at - 1), 1));
    }
    if (!capacity) return blocked;
    if (demand === capacity) return full;
    const use = demand / capacity;
    let k = 1;
    while (k < stops.length - 1 && use > stops[k]) k++;
    return mix(ramp[k - 1], ramp[k], (use - stops[k - 1]) / (stops[k] - stops[k - 1]));
  };
}

// From blue (fewer) over paper (equal) to orange (more).
function differenceColour(palette, most) {
  const paper = hexRgb(palette.ramp[0]);
  const fewer = hexRgb(palette.ramp[3]);
  const more = hexRgb(palette.full);
  return (difference) => {
    const share = Math.min(Math.abs(difference) / most, 1) ** 0.6;
    return mix(paper, difference < 0 ? fewer : more, difference ? 0.15 + 0.85 * share : 0);
  };
}

function densityColour(palette, most) {
  const ramp = palette.ramp.map(hexRgb);
  return (count) => {
    const place = (count / most) * (ramp.length - 1);
    const k = Math.min(Math.floor(place), ramp.length - 2);
    return mix(ramp[k], ramp[k + 1], place - k);
  };
}

function layerColour(palette, layer) {
  return palette.layers[layer % palette.layers.length];
}

// Draw one view of a run into a canvas, row 0 at the bottom.
function paintMap(model, view) {
  const { width, height } = model;
  const size = Math.max(2, Math.min(24, Math.floor(MAP_PIXELS / Math.max(width, height)) & ~1));
  const half = size / 2;
  const canvas = document.createElement("canvas");
  canvas.width = width * size;
  canvas.height = height * size;
  const pen = canvas.getContext("2d");
  const top = (y) => (height - 1 - y) * size;
  const { demand, capacity } = planeOf(model, model.runs[view.run], view.layer);
  const base = planeOf(model, model.runs[0], view.layer).demand;
  const edgeColour = (edge) => {
    if (view.kind === "difference") return view.colour(demand[edge] - base[edge]);
    return view.colour(demand[edge], capacity[edge]);
  };
  const shown = [0, 1].filter((direction) => isShown(model, view, direction));
  const fill = (rgb) => (pen.fillStyle = `rgb(${rgb[0]},${rgb[1]},${rgb[2]})`);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const tile = y * width + x;
      if (view.kind === "pins") {
        fill(view.colour(model.pinDensity[tile]));
        pen.fillRect(x * size, top(y), size, size);
        continue;
      }
      for (const direction of shown) {
        const edge = 2 * tile + direction;
        if (!edgeInGrid(model, edge)) continue;
        fill(edgeColour(edge));
        // Centre of the edge, in image pixels.
        const cx = x * size + half + (direction ? 0 : half);
        const cy = top(y) + half - (direction ? half : 0);
        if (shown.length === 1) {
          pen.fillRect(cx - half, cy - half, size, size);
        } else {
          // Diamonds over the edges' middles tile the plane: both directions, nothing hidden.
          pen.beginPath();
          pen.moveTo(cx - half - 0.5, cy);
          pen.lineTo(cx, cy - half - 0.5);
          pen.lineTo(cx + half + 0.5, cy);
          pen.lineTo(cx, cy + half + 0.5);
          pen.fill();
        }
      }
    }
  }
  return canvas;
}

class RouteMap {
  constructor(element, model, handlers) {
    this.element = element;
    this.model = model;
    this.handlers = handlers;
    this.view = { kind: "both", run: 0, layer: ALL_LAYERS };
    this.net = -1;
    this.edge = -1;
    this.zoom = { x: [0, 1], y: [0, 1] };
    this.chart = echarts.init(element, null, { renderer: "canvas" });
    this.chart.on("dataZoom", () => this.#readZoom());
    const surface = this.chart.getZr();
    surface.on("mousemove", (event) => this.handlers.hover(this.#at(event)));
    surface.on("globalout", () => this.handlers.hover(null));
    surface.on("click", (event) => this.handlers.click(this.#at(event)));
    element.addEventListener("keydown", (event) => this.#key(event));
    new ResizeObserver(() => this.#resize()).observe(element);
  }

  // What lies under the pointer: a tile, and the nearest edge of those shown.
  #at(event) {
    const [fx, fy] = this.chart.convertFromPixel({ gridIndex: 0 }, [event.offsetX, event.offsetY]);
    const x = Math.round(fx);
    const y = Math.round(fy);
    const { width, height } = this.model;
    if (x < 0 || y < 0 || x >= width || y >= height) return null;
    const candidates = [];
    if (isShown(this.model, this.view, 0)) candidates.push([Math.floor(fx), y, 0]);
    if (isShown(this.model, this.view, 1)) candidates.push([x, Math.floor(fy), 1]);
    let edge = -1;
    let nearest = Infinity;
    for (const [ex, ey, direction] of candidates) {
      if (ex < 0 || ey < 0 || ex + 1 - direction >= width || ey + direction >= height) continue;
      const cx = ex + (direction ? 0 : 0.5);
      const cy = ey + (direction ? 0.5 : 0);
      const distance = Math.abs(fx - cx) + Math.abs(fy - cy);
      if (distance < nearest) {
        nearest = distance;
        edge = 2 * (ey * width + ex) + direction;
      }
    }
    return { tile: y * width + x, edge: this.view.kind === "pins" ? -1 : edge };
  }

  // Axis ranges that show the whole grid with square tiles.
  #extent() {
    const { width, height } = this.model;
    const pad = 1;
    const box = [this.element.clientWidth, this.element.clientHeight];
    const scale = Math.max((width + 2 * pad) / box[0], (height + 2 * pad) / box[1]);
    const centre = [(width - 1) / 2, (height - 1) / 2];
    const reach = box.map((pixels) => (pixels * scale) / 2);
    return {
      x: [centre[0] - reach[0], centre[0] + reach[0]],
      y: [centre[1] - reach[1], centre[1] + reach[1]],
    };
  }

  show(view, palette) {
    this.view = view;
    this.palette = palette;
    this.image = paintMap(this.model, view);
    this.#render();
  }

  select(net, run) {
    this.net = net;
    this.netRun = run;
    this.#render();
  }

  markEdge(edge) {
    this.edge = edge;
    this.#render();
  }

  #render() {
    if (!this.image) return;
    const { model, palette } = this;
    const extent = (this.extent = this.#extent());
    const axis = (range) => ({
      type: "value",
      min: range[0],
      max: range[1],
      show: false,
      animation: false,
    });
    this.chart.setOption(
      {
        animation: false,
        grid: { left: 0, right: 0, top: 0, bottom: 0 },
        xAxis: axis(extent.x),
        yAxis: axis(extent.y),
        dataZoom: ["x", "y"].map((name) => ({
          id: name,
          type: "inside",
          [name + "AxisIndex"]: 0,
          filterMode: "none",
          start: this.zoom[name][0] * 100,
          end: this.zoom[name][1] * 100,
          minSpan: Math.min(100, 500 / Math.max(model.width, model.height)),
          throttle: 16,
        })),
        series: [
          {
            id: "ground",
            type: "custom",
            silent: true,
            clip: true,
            data: [[0, 0]],
            z: 1,
            renderItem: (_, api) => {
              const [x0, y0] = api.coord([-0.5, model.height - 0.5]);
              const [x1, y1] = api.coord([model.width - 0.5, -0.5]);
              return {
                type: "group",
                children: [
                  {
                    type: "image",
                    // Behind a chosen net the ground steps back.
                    style: {
                      image: this.image,
                      x: x0,
                      y: y0,
                      width: x1 - x0,
                      height: y1 - y0,
                      opacity: this.net < 0 ? 1 : 0.6,
                    },
                  },
                  {
                    type: "rect",
                    shape: { x: x0, y: y0, width: x1 - x0, height: y1 - y0 },
                    style: { fill: "none", stroke: palette.ink, opacity: 0.35, lineWidth: 1 },
                  },
                ],
              };
            },
          },
          ...this.#rings(),
          ...this.#cuts(),
          ...this.#wire(),
          {
            id: "edge",
            type: "lines",
            coordinateSystem: "cartesian2d",
            silent: true,
            z: 6,
            data: this.edge < 0 ? [] : [this.#line(this.edge)],
            lineStyle: { color: palette.mark, width: 6, opacity: 1, cap: "round" },
          },
        ],
      },
      { replaceMerge: ["series"] },
    );
  }

  #line(edge) {
    const [x0, y0, x1, y1] = edgeEnds(this.model, edge);
    return {
      coords: [
        [x0, y0],
        [x1, y1],
      ],
    };
  }

  // Overflow is marked by shape too, where the marks do not cover each other.
  #rings() {
    const { model, view, palette } = this;
    const points = [];
    if (view.kind !== "pins" && view.kind !== "difference") {
      const { demand, capacity } = planeOf(model, model.runs[view.run], view.layer);
      for (let edge = 0; edge < demand.length && points.length <= RING_LIMIT; edge++) {
        if (demand[edge] <= capacity[edge] || !isShown(model, view, edge & 1)) continue;
        const [x0, y0, x1, y1] = edgeEnds(model, edge);
        points.push([(x0 + x1) / 2, (y0 + y1) / 2]);
      }
    }
    // A dark ring on a light one stands out from any ground.
    const ring = (id, borderColor, borderWidth) => ({
      id,
      type: "scatter",
      silent: true,
      z: 3,
      symbolSize: 12,
      data: points.length > RING_LIMIT ? [] : points,
      itemStyle: { color: "transparent", borderColor, borderWidth },
    });
    return [ring("ring-ground", palette.paper, 5), ring("rings", palette.mark, 2)];
  }

  // Where tracks are missing whatever the routing: the lines that separate the tiles, and how many.
  #cuts() {
    const { model, view, palette } = this;
    const lines = [];
    const labels = [];
    for (const { edges, missing } of view.kind === "pins" ? [] : model.shortages) {
      const shown = edges.filter((edge) => isShown(model, view, edge & 1));
      if (!shown.length) continue;
      const middles = shown.map((edge) => {
        const [x0, y0, x1, y1] = edgeEnds(model, edge);
        const [x, y] = [(x0 + x1) / 2, (y0 + y1) / 2];
        const [dx, dy] = [(y1 - y0) / 2, (x1 - x0) / 2];
        lines.push({ coords: [[x - dx, y - dy], [x + dx, y + dy]] });
        return [x, y];
      });
      const mean = [0, 1].map((i) => middles.reduce((sum, at) => sum + at[i], 0) / shown.length);
      labels.push({ value: mean, name: `${missing} missing` });
    }
    const stroke = (id, color, width) => ({
      id,
      type: "lines",
      coordinateSystem: "cartesian2d",
      silent: true,
      z: 3,
      data: lines,
      lineStyle: { color, width, opacity: 1, cap: "butt" },
    });
    return [
      stroke("cut-ground", palette.paper, 5),
      stroke("cuts", palette.mark, 2.5),
      {
        id: "missing",
        type: "scatter",
        silent: true,
        z: 9,
        symbolSize: 0.1,
        // Places come with the greatest shortage first.
        data: labels.slice(0, CUT_LABELS),
        label: {
          show: true,
          formatter: "{b}",
          position: "right",
          color: palette.ink,
          backgroundColor: palette.paper,
          padding: [2, 4],
          borderRadius: 3,
        },
      },
    ];
  }

  #wire() {
    const { model, palette, net } = this;
    const edges = net < 0 ? [] : Array.from(netEdges(model.runs[this.netRun], net));
    const lines = edges.map((edge) => this.#line(edge));
    const pins =
      net < 0
        ? []
        : Array.from(netPins(model.runs[this.netRun], net), (tile) => this.#place(tile));
    // Of the run compared with, only what the shown run does not use.
    const other = otherRun(model, this.netRun);
    const own = new Set(edges);
    const elsewhere =
      net < 0 || other < 0
        ? []
        : Array.from(netEdges(model.runs[other], net)).filter((e) => !own.has(e));
    const stroke = (id, colour, width, z, data = lines, type = "solid") => ({
      id,
      type: "lines",
      coordinateSystem: "cartesian2d",
      silent: true,
      z,
      data,
      lineStyle: {
        color: colour,
        width,
        opacity: 1,
        cap: type === "solid" ? "round" : "butt",
        type,
      },
    });
    return [
      stroke("halo", palette.paper, 7, 4),
      // Dashed, for eyes that do not tell red from green.
      stroke(
        "elsewhere",
        palette.over,
        4,
        4.5,
        elsewhere.map((edge) => this.#line(edge)),
        [4, 3],
      ),
      ...this.#strands(lines).map(({ id, colour, data }) => stroke(id, colour, 3.5, 5, data)),
      {
        id: "vias",
        type: "scatter",
        silent: true,
        z: 8,
        symbolSize: () => 0.62 * this.#pinSize(),
        data: net < 0 || !model.layers ? [] : this.#viaPlaces(net),
        itemStyle: { color: palette.paper, borderColor: palette.ink, borderWidth: 1.5 },
      },
      {
        id: "pins",
        type: "scatter",
        silent: true,
        z: 7,
        symbol: "rect",
        symbolSize: () => this.#pinSize(),
        data: pins,
        itemStyle: { color: palette.pin, borderColor: palette.paper, borderWidth: 1.5 },
      },
    ];
  }

  // A net's lines by colour: one on the plane, one a layer where there are layers.
  #strands(lines) {
    const { model, palette, net } = this;
    if (net < 0 || !model.layers) return [{ id: "wire", colour: palette.wire, data: lines }];
    const layers = netLayers(model.runs[this.netRun], net);
    return [...new Set(layers)].map((layer) => ({
      id: `wire-${layer}`,
      colour: layerColour(palette, layer),
      data: lines.filter((_, i) => layers[i] === layer),
    }));
  }

  #viaPlaces(net) {
    const [tiles] = netVias(this.model.runs[this.netRun], net);
    return Array.from(new Set(tiles), (tile) => this.#place(tile));
  }

  #place(tile) {
    return [tile % this.model.width, Math.floor(tile / this.model.width)];
  }

  // As large as fits its tile, within what the eye finds and what hides no neighbours.
  #pinSize() {
    const from = this.chart.convertToPixel({ gridIndex: 0 }, [0, 0]);
    const to = this.chart.convertToPixel({ gridIndex: 0 }, [1, 0]);
    return from && to ? Math.min(Math.max(0.7 * (to[0] - from[0]), 4), 11) : 9;
  }

  #readZoom() {
    for (const option of this.chart.getOption().dataZoom) {
      this.zoom[option.id] = [option.start / 100, option.end / 100];
    }
  }

  #setZoom(zoom) {
    for (const name of ["x", "y"]) {
      const span = Math.min(zoom[name][1] - zoom[name][0], 1);
      const start = Math.min(Math.max(zoom[name][0], 0), 1 - span);
      this.zoom[name] = [start, start + span];
    }
    this.chart.dispatchAction({
      type: "dataZoom",
      batch: ["x", "y"].map((name) => ({
        dataZoomId: name,
        start: this.zoom[name][0] * 100,
        end: this.zoom[name][1] * 100,
      })),
    });
  }

  fit() {
    this.#setZoom({ x: [0, 1], y: [0, 1] });
  }

  // factor < 1 goes nearer.
  zoomBy(factor) {
    const least = Math.min(1, 5 / Math.max(this.model.width, this.model.height));
    const next = {};
    for (const name of ["x", "y"]) {
      const [from, to] = this.zoom[name];
      const span = Math.min(Math.max((to - from) * factor, least), 1);
      next[name] = [(from + to - span) / 2, (from + to + span) / 2];
    }
    this.#setZoom(next);
  }

  pan(dx, dy) {
    const shift = ([from, to], by) => [from + by * (to - from), to + by * (to - from)];
    this.#setZoom({ x: shift(this.zoom.x, dx), y: shift(this.zoom.y, dy) });
  }

  // Bring tiles x0..x1, y0..y1 into sight with some ground around them.
  zoomTo(x0, y0, x1, y1) {
    const { extent } = this;
    const share = (range, low, high) => (high - low + 8) / (range[1] - range[0]);
    const span = Math.min(Math.max(share(extent.x, x0, x1), share(extent.y, y0, y1)), 1);
    const around = (range, low, high) => {
      const middle = ((low + high) / 2 - range[0]) / (range[1] - range[0]);
      return [middle - span / 2, middle + span / 2];
    };
    this.#setZoom({ x: around(extent.x, x0, x1), y: around(extent.y, y0, y1) });
  }

  #key(event) {
    const actions = {
      ArrowLeft: () => this.pan(-0.2, 0),
      ArrowRight: () => this.pan(0.2, 0),
      ArrowUp: () => this.pan(0, 0.2),
      ArrowDown: () => this.pan(0, -0.2),
      "+": () => this.zoomBy(0.6),
      "=": () => this.zoomBy(0.6),
      "-": () => this.zoomBy(1 / 0.6),
      0: () => this.fit(),
      Home: () => this.fit(),
    };
    if (actions[event.key] && !event.ctrlKey && !event.metaKey && !event.altKey) {
      actions[event.key]();
      event.preventDefault();
    }
  }

  #resize() {
    this.chart.resize({ width: this.element.clientWidth, height: this.element.clientHeight });
    this.#render();
  }
}
