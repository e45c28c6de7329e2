// The charts around the map, each an ECharts option built from the page's facts.

// Text is measured before it is drawn, so the font must be named, not inherited.
const FONT = 'system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif';
const count = new Intl.NumberFormat("en");

function baseOption(palette, description) {
  return {
    animation: false,
    aria: { enabled: true, label: { description } },
    textStyle: { fontFamily: FONT, color: palette.ink },
    grid: { left: 8, right: 16, top: 30, bottom: 8, outerBoundsMode: "same" },
    tooltip: {
      trigger: "axis",
      axisPointer: { type: "shadow" },
      confine: true,
      backgroundColor: palette.paper,
      textStyle: { color: palette.ink },
    },
  };
}

function valueAxis(palette, name, extra = {}) {
  return {
    type: "value",
    name,
    nameLocation: "end",
    nameTextStyle: { color: palette.ink, align: "left" },
    axisLabel: { color: palette.ink, hideOverlap: true },
    splitLine: { lineStyle: { color: palette.ink, opacity: 0.12 } },
    ...extra,
  };
}

function categoryAxis(palette, data, extra = {}) {
  return {
    type: "category",
    data,
    axisLabel: { color: palette.ink, interval: 0, hideOverlap: true },
    axisLine: { lineStyle: { color: palette.ink } },
    axisTick: { show: false },
    ...extra,
  };
}

function legend(palette) {
  return { top: 0, right: 0, textStyle: { color: palette.ink }, itemHeight: 10 };
}

function runColours(palette) {
  return [palette.ramp[3], palette.full, palette.wire, palette.over, palette.ramp[2], palette.ink];
}

function histogramOption(facts, palette) {
  const several = facts.runs.length > 1;
  const labels = [];
  for (let i = 0; i < 10; i++) labels.push(`<${i * 10 + 10}`);
  labels.push("full", "over");
  const colour = (base) => (item) => [palette.full, palette.over][item.dataIndex - 10] || base;
  const series = several
    ? facts.runs.map((run, r) => ({
        name: run.letter,
        type: "bar",
        data: run.histogram[0].map((n, i) => n + run.histogram[1][i]),
        itemStyle: { color: runColours(palette)[r % 6] },
      }))
    : ["horizontal", "vertical"].map((name, direction) => ({
        name,
        type: "bar",
        data: facts.runs[0].histogram[direction],
        color: palette.ramp[2 + direction],
        itemStyle: {
          color: colour(palette.ramp[2 + direction]),
          decal: direction
            ? {
                symbol: "rect",
                dashArrayX: [1, 0],
                dashArrayY: [2, 5],
                rotation: -0.7,
                color: "rgba(0,0,0,.25)",
              }
            : undefined,
        },
      }));
  return {
    ...baseOption(palette, "Edges by the share of their tracks that is used."),
    legend: legend(palette),
    xAxis: categoryAxis(palette, labels, {
      name: "% of the tracks used",
      nameLocation: "middle",
      nameTextStyle: { color: palette.ink },
      axisLabel: { color: palette.ink, interval: (i) => i > 9 || i % 2 === 1 },
    }),
    yAxis: valueAxis(palette, "edges"),
    series,
  };
}

function barsOption(palette, description, names, rows, digits) {
  const number = (value) => value.toLocaleString("en", { maximumFractionDigits: digits });
  return {
    ...baseOption(palette, description),
    legend: rows.length > 1 ? legend(palette) : undefined,
    grid: { left: 8, right: 64, top: rows.length > 1 ? 30 : 8, bottom: 8, outerBoundsMode: "same" },
    xAxis: valueAxis(palette, "", { splitNumber: 4 }),
    yAxis: categoryAxis(palette, names, { inverse: true }),
    series: rows.map((row, r) => ({
      name: row.name,
      type: "bar",
      data: row.data,
      barMaxWidth: 26,
      itemStyle: { color: runColours(palette)[r % 6] },
      label: {
        show: true,
        position: "right",
        color: palette.ink,
        formatter: (item) => number(item.value),
      },
    })),
  };
}

function stagesOption(facts, palette) {
  // The first stage is of nets that need no wire.
  const names = facts.stage_names.filter((_, s) => s && facts.runs.some((run) => run.stages[s]));
  const rows = facts.runs.map((run) => ({
    name: run.letter,
    data: names.map((name) => run.stages[facts.stage_names.indexOf(name)]),
  }));
  return barsOption(palette, "Nets by the stage that gave them their final wire.", names, rows, 0);
}

function timeOption(facts, palette) {
  const names = [...new Set(facts.runs.flatMap((run) => run.phases.map((phase) => phase[0])))];
  const rows = facts.runs.map((run) => {
    const cpu = new Map(run.phases.map(([name, , seconds]) => [name, seconds]));
    return { name: run.letter, data: names.map((name) => cpu.get(name) ?? 0) };
  });
  return barsOption(palette, "Processor seconds by phase.", names, rows, 2);
}

// Dots, not bars: the differences are a few percent, and a bar must begin at zero.
function peersOption(facts, palette) {
  const { peers, steiner } = facts.reference;
  const points = facts.runs.map((run) => ({
    name: facts.runs.length > 1 ? run.letter : "this run",
    value: run.wirelength,
    own: true,
    legal: run.legal,
  }));
  for (const peer of peers)
    points.push({ name: peer.name, value: peer.wirelength, measured: peer.measured });
  points.sort((a, b) => a.value - b.value);
  const colours = points.map((point) => (point.own ? palette.full : palette.ramp[3]));
  return {
    ...baseOption(palette, "Wirelength of this run beside other routers'."),
    tooltip: {
      trigger: "item",
      confine: true,
      backgroundColor: palette.paper,
      textStyle: { color: palette.ink },
      formatter: (item) => {
        const over = ((item.value[0] / steiner - 1) * 100).toFixed(2);
        return `${echarts.format.encodeHTML(item.name)}<br>${count.format(item.value[0])}, ${over} % over the bound`;
      },
    },
    grid: { left: 8, right: 24, top: 22, bottom: 8, outerBoundsMode: "same" },
    xAxis: valueAxis(palette, "", {
      min: Math.floor((steiner - (points.at(-1).value - steiner) * 0.04) / 100) * 100,
      max: points.at(-1).value,
      splitNumber: 4,
      axisLabel: { color: palette.ink, hideOverlap: true, formatter: (v) => count.format(v) },
    }),
    yAxis: categoryAxis(
      palette,
      points.map((point) => point.name),
      {
        inverse: true,
        axisLabel: {
          color: palette.ink,
          interval: 0,
          width: 170,
          overflow: "break",
          lineHeight: 12,
        },
      },
    ),
    series: [
      {
        type: "scatter",
        symbolSize: 13,
        data: points.map((point, i) => ({
          name: point.name,
          value: [point.value, i],
          symbol: point.own ? "diamond" : "circle",
          itemStyle: {
            color: point.own || point.measured ? colours[i] : palette.paper,
            borderColor: point.own ? palette.ink : colours[i],
            borderWidth: point.own ? 1.5 : 2,
          },
        })),
        markLine: {
          silent: true,
          symbol: "none",
          data: [{ xAxis: steiner }],
          lineStyle: { color: palette.over, type: "dashed" },
          label: { formatter: "lower bound", position: "start", color: palette.ink },
        },
      },
    ],
  };
}

function passesOption(facts, palette) {
  const { passes } = facts.runs[0];
  return {
    ...baseOption(palette, "Total overflow and wirelength after each pass."),
    legend: legend(palette),
    tooltip: {
      trigger: "axis",
      confine: true,
      backgroundColor: palette.paper,
      textStyle: { color: palette.ink },
    },
    xAxis: categoryAxis(
      palette,
      passes.map((pass) => pass[0]),
      {
        axisLabel: { color: palette.ink, hideOverlap: true },
      },
    ),
    yAxis: [
      valueAxis(palette, "overflow", { nameTextStyle: { color: palette.over, align: "left" } }),
      valueAxis(palette, "wirelength", {
        scale: true,
        splitLine: { show: false },
        nameTextStyle: { color: palette.ink, align: "right" },
      }),
    ],
    series: [
      {
        name: "overflow",
        type: "line",
        data: passes.map((pass) => pass[1]),
        symbol: "circle",
        symbolSize: 7,
        lineStyle: { color: palette.over, width: 2.5 },
        itemStyle: { color: palette.over },
      },
      {
        name: "wirelength",
        type: "line",
        yAxisIndex: 1,
        data: passes.map((pass) => pass[2]),
        symbol: "rect",
        symbolSize: 7,
        lineStyle: { color: palette.ramp[3], width: 2, type: "dashed" },
        itemStyle: { color: palette.ramp[3] },
      },
    ],
  };
}

const CHARTS = {
  histogram: histogramOption,
  stages: stagesOption,
  time: timeOption,
  peers: peersOption,
  passes: passesOption,
};

// One chart for each element that asks for it with data-chart; drawn again on a change of theme.
class Charts {
  constructor(facts) {
    this.facts = facts;
    this.charts = [...document.querySelectorAll("[data-chart]")].map((element) => {
      const chart = echarts.init(element, null, { renderer: "svg" });
      new ResizeObserver(() => {
        chart.resize({ width: element.clientWidth, height: element.clientHeight });
      }).observe(element);
      return [element.dataset.chart, chart];
    });
  }

  draw(palette) {
    for (const [name, chart] of this.charts) {
      chart.setOption(CHARTS[name](this.facts, palette), { notMerge: true });
    }
  }
}
