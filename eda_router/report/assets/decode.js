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
  const { width, height, nets } = facts.design;
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
    runs: facts.runs.map((run, r) => ({
      label: run.label,
      letter: run.letter,
      edges: parts[`edges${r}`],
      lengths: parts[`lengths${r}`],
      offsets: offsets(parts[`lengths${r}`]),
      stage: parts[`stage${r}`],
      exit: parts[`exit${r}`],
      demand: new Int32Array(2 * width * height),
      over: new Int32Array(nets),
    })),
    pinDensity: new Int32Array(width * height),
  };
  for (const tile of model.pins) model.pinDensity[tile]++;
  for (const run of model.runs) {
    for (const edge of run.edges) run.demand[edge]++;
    for (let net = 0; net < nets; net++) {
      for (let i = run.offsets[net]; i < run.offsets[net + 1]; i++) {
        if (run.demand[run.edges[i]] > model.capacity[run.edges[i]]) run.over[net]++;
      }
    }
  }
  return model;
}

function netEdges(run, net) {
  return run.edges.subarray(run.offsets[net], run.offsets[net + 1]);
}

function netPins(model, net) {
  return model.pins.subarray(model.pinOffsets[net], model.pinOffsets[net + 1]);
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
