// Undoes eda_router/report/packing.py: base64, deflate, LEB128, zigzag, differences.

async function inflate(base64) {
  const packed = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function decodeNumbers(bytes, start, count) {
  const numbers = new Float64Array(count);
  let at = start;
  let last = 0;
  for (let i = 0; i < count; i++) {
    let value = 0;
    let scale = 1;
    let byte;
    do {
      byte = bytes[at++];
      value += (byte & 127) * scale;
      scale *= 128;
    } while (byte > 127);
    last += value % 2 ? -(value + 1) / 2 : value / 2;
    numbers[i] = last;
  }
  return numbers;
}

// Half the memory where 32 bits are enough, which is nearly everywhere.
function narrow(numbers) {
  const fits = numbers.every((number) => number === (number | 0));
  return fits ? Int32Array.from(numbers) : numbers;
}

async function unpack(directory, base64) {
  const bytes = await inflate(base64);
  const parts = {};
  let at = 0;
  for (const [name, kind, count, size] of directory) {
    parts[name] =
      kind === "text"
        ? new TextDecoder().decode(bytes.subarray(at, at + size))
        : narrow(decodeNumbers(bytes, at, count));
    at += size;
  }
  return parts;
}

// Everything the page shows, derived once. Edge and tile numbers as in eda_router/design.py.
function buildModel(facts, parts) {
  const { width, height } = facts.design;
  // Of a large design only some nets are here one by one; the others are added up in rest arrays.
  const nets = parts.pin_counts.length;
  const offsets = (counts) => {
    const sums = new Int32Array(counts.length + 1);
    for (let i = 0; i < counts.length; i++) sums[i + 1] = sums[i] + counts[i];
    return sums;
  };
  const names = nets ? parts.names.split("\n") : [];
  const model = {
    width,
    height,
    nets,
    names,
    lowerNames: names.map((name) => name.toLowerCase()),
    ids: typeof parts.ids === "string" ? parts.ids.split("\n") : parts.ids,
    capacity: parts.capacity,
    pins: parts.pins,
    pinOffsets: offsets(parts.pin_counts),
    pinCounts: parts.pin_counts,
    bounds: parts.bounds,
    // Edges that a certificate prices, place by place, and the tracks missing there.
    shortages: facts.shortages,
    // Names and directions of the layers; null on the plane.
    layers: facts.layers,
    layerCapacity: parts.layer_capacity,
    runs: facts.runs.map((run, r) => ({
      label: run.label,
      letter: run.letter,
      edges: parts[`edges${r}`],
      lengths: parts[`lengths${r}`],
      offsets: offsets(parts[`lengths${r}`]),
      stage: parts[`stage${r}`],
      exit: parts[`exit${r}`],
      // On layers: that of each edge, the vias of each net, and where its terminals are reached.
      layers: parts[`layers${r}`],
      vias: parts[`vias${r}`],
      viaLayers: parts[`via_layers${r}`],
      viaCounts: parts[`via_counts${r}`],
      viaOffsets: facts.layers && offsets(parts[`via_counts${r}`]),
      pins: facts.layers ? parts[`pins${r}`] : parts.pins,
      pinOffsets: offsets(facts.layers ? parts[`pin_counts${r}`] : parts.pin_counts),
      demand: parts[`rest${r}`] || new Int32Array(2 * width * height),
      over: new Int32Array(nets),
    })),
    pinDensity: parts.rest_pins || new Int32Array(width * height),
  };
  for (const tile of model.pins) model.pinDensity[tile]++;
  for (const run of model.runs) {
    for (const edge of run.edges) run.demand[edge]++;
    run.planes = model.layers ? layerPlanes(model, run) : [];
    for (let net = 0; net < nets; net++) {
      for (let i = run.offsets[net]; i < run.offsets[net + 1]; i++) {
        const { demand, capacity } = planeOf(model, run, run.layers ? run.layers[i] : ALL_LAYERS);
        if (demand[run.edges[i]] > capacity[run.edges[i]]) run.over[net]++;
      }
    }
  }
  return model;
}

const ALL_LAYERS = -1;

// Capacity and demand of the edges of each layer; none has capacity against its direction.
function layerPlanes(model, run) {
  const tiles = model.width * model.height;
  const planes = model.layers.horizontal.map((horizontal, layer) => {
    const capacity = new Int32Array(2 * tiles);
    for (let tile = 0; tile < tiles; tile++) {
      capacity[2 * tile + (horizontal ? 0 : 1)] = model.layerCapacity[layer * tiles + tile];
    }
    return { capacity, demand: new Int32Array(2 * tiles) };
  });
  for (let i = 0; i < run.edges.length; i++) planes[run.layers[i]].demand[run.edges[i]]++;
  return planes;
}

// Capacity and demand of the edges of one layer, or of all together.
function planeOf(model, run, layer) {
  return layer === ALL_LAYERS ? { capacity: model.capacity, demand: run.demand } : run.planes[layer];
}

// Whether the edges in a direction are to be seen: of a layer only those of its own.
function isShown(model, view, direction) {
  if (view.kind === (direction ? "horizontal" : "vertical")) return false;
  if (view.layer === ALL_LAYERS) return true;
  return model.layers.horizontal[view.layer] === !direction;
}

function netEdges(run, net) {
  return run.edges.subarray(run.offsets[net], run.offsets[net + 1]);
}

function netPins(run, net) {
  return run.pins.subarray(run.pinOffsets[net], run.pinOffsets[net + 1]);
}

function netLayers(run, net) {
  return run.layers.subarray(run.offsets[net], run.offsets[net + 1]);
}

// The tiles and lower layers of a net's vias.
function netVias(run, net) {
  const [from, to] = [run.viaOffsets[net], run.viaOffsets[net + 1]];
  return [run.vias.subarray(from, to), run.viaLayers.subarray(from, to)];
}

// The layers that a net's wires and vias touch, bottom up.
function usedLayers(run, net) {
  const used = new Set(netLayers(run, net));
  for (const layer of netVias(run, net)[1]) {
    used.add(layer);
    used.add(layer + 1);
  }
  return [...used].sort((a, b) => a - b);
}

// The run that another one is compared with: the first, which itself is compared with the last.
function otherRun(model, run) {
  if (model.runs.length < 2) return -1;
  return run === 0 ? model.runs.length - 1 : 0;
}

// The two tiles that an edge joins.
function edgeEnds(model, edge) {
  const tile = edge >> 1;
  const x = tile % model.width;
  const y = (tile - x) / model.width;
  return edge & 1 ? [x, y, x, y + 1] : [x, y, x + 1, y];
}

function edgeInGrid(model, edge) {
  const [, , x, y] = edgeEnds(model, edge);
  return x < model.width && y < model.height;
}

function edgeName(model, edge) {
  const [x0, y0, x1, y1] = edgeEnds(model, edge);
  return `(${x0},${y0})–(${x1},${y1})`;
}
