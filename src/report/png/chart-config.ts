import type { ChartConfiguration, Plugin } from 'chart.js';
import { formatRatio } from '../format.js';
import type { Chart, RatioChart, SuitesChart, ThroughputChart } from './charts.js';
import { framePadding, framePlugin, surfaceOf, text, WIDTH } from './frame.js';
import { ARM_COLOURS, FAMILY, GRID, INK, MUTED, STATE_COLOURS, VERDICT_COLOURS } from './palette.js';

export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly config: ChartConfiguration;
}

/** Room for a row with its label. */
const ROW = 46;
const FRAME = 230;

/** Drawing data to a Chart.js configuration; pure. */
export function toPicture(chart: Chart): Picture {
  switch (chart.kind) {
    case 'throughput':
      return { width: WIDTH, height: 560, config: throughputConfig(chart) };
    case 'ratio':
      return { width: WIDTH, height: FRAME + ROW * chart.rows.length, config: ratioConfig(chart) };
    case 'suites':
      return { width: WIDTH, height: FRAME + ROW * chart.rows.length, config: suitesConfig(chart) };
  }
}

const TICK_FONT = { family: FAMILY, size: 13 };

function common(chart: Chart) {
  return {
    responsive: false,
    animation: false,
    devicePixelRatio: 2,
    layout: { padding: framePadding(chart) },
  } as const;
}

const LEGEND = {
  position: 'bottom',
  labels: { font: TICK_FONT, color: INK, boxWidth: 14, boxHeight: 14, padding: 18 },
} as const;

function throughputConfig(chart: ThroughputChart): ChartConfiguration {
  return {
    type: 'bar',
    data: {
      labels: chart.groups.map((group) => group.split(/ (?=\d|real)/)),
      datasets: chart.series.map(({ arm, values }) => ({
        label: arm,
        data: [...values],
        backgroundColor: ARM_COLOURS[arm] ?? MUTED,
        borderRadius: 3,
        barPercentage: 0.92,
        categoryPercentage: 0.72,
      })),
    },
    options: {
      ...common(chart),
      plugins: { legend: LEGEND },
      scales: {
        x: { grid: { display: false }, ticks: { font: TICK_FONT, color: INK } },
        y: {
          beginAtZero: true,
          grace: '8%',
          border: { display: false },
          grid: { color: GRID },
          ticks: { font: TICK_FONT, color: MUTED },
          title: { display: true, text: 'MiB/s', color: MUTED, font: TICK_FONT },
        },
      },
    },
    plugins: [framePlugin(chart), barLabels(chart)],
  };
}

/** The number above each bar. */
function barLabels(chart: ThroughputChart): Plugin {
  return {
    id: 'bar-labels',
    afterDatasetsDraw: (drawn) => {
      const ctx = surfaceOf(drawn);
      ctx.save();
      ctx.textAlign = 'center';
      chart.series.forEach(({ labels }, series) => {
        drawn.getDatasetMeta(series).data.forEach((bar, index) => {
          text(ctx, labels[index] ?? '', bar.x, bar.y - 6, `11px "${FAMILY}"`, MUTED);
        });
      });
      ctx.restore();
    },
  };
}

function ratioConfig(chart: RatioChart): ChartConfiguration {
  return {
    type: 'bar',
    data: {
      labels: chart.rows.map((row) => row.label),
      // Invisible bars: they give the axis its rows, the plugin draws points and whiskers.
      datasets: [{ data: chart.rows.map((row) => row.estimate), backgroundColor: 'transparent' }],
    },
    options: {
      ...common(chart),
      indexAxis: 'y',
      plugins: { legend: { display: false } },
      scales: {
        x: {
          type: 'logarithmic',
          min: chart.low,
          max: chart.high,
          border: { display: false },
          grid: {
            color: (context: { readonly tick: { readonly value: number } }) =>
              context.tick.value === 1 ? INK : GRID,
          },
          afterBuildTicks: (axis) => {
            axis.ticks = chart.ticks.map((value) => ({ value }));
          },
          ticks: {
            font: TICK_FONT,
            color: MUTED,
            callback: (value) => formatRatio(Number(value)).replace(/\.?0+(?=\D*$)/, ''),
          },
          title: { display: true, text: 'slower  <  1  <  faster', color: MUTED, font: TICK_FONT },
        },
        y: { grid: { display: false }, ticks: { font: TICK_FONT, color: INK } },
      },
    },
    plugins: [framePlugin(chart), whiskers(chart)],
  };
}

/** Blocks as dots, the interval as a line, the estimate as a point, and all of it as text. */
function whiskers(chart: RatioChart): Plugin {
  return {
    id: 'whiskers',
    afterDatasetsDraw: (drawn) => {
      const ctx = surfaceOf(drawn);
      const { chartArea } = drawn;
      const axis = drawn.scales['x'];
      if (axis === undefined) return;
      const at = (ratio: number) => axis.getPixelForValue(ratio);
      const disc = (x: number, y: number, radius: number) => {
        ctx.beginPath();
        ctx.arc(x, y, radius, 0, 2 * Math.PI);
        ctx.fill();
      };
      ctx.save();
      chart.rows.forEach((row, index) => {
        const y = drawn.getDatasetMeta(0).data[index]?.y ?? 0;
        const colour = VERDICT_COLOURS[row.verdict] ?? MUTED;
        ctx.fillStyle = `${colour}55`;
        row.blocks.forEach((ratio, block) => {
          disc(at(ratio), y + 7 + (block % 4) * 2, 2.2);
        });
        ctx.fillStyle = colour;
        ctx.fillRect(at(row.lower), y - 1.5, Math.max(2, at(row.upper) - at(row.lower)), 3);
        disc(at(row.estimate), y, 5.5);
        ctx.textAlign = 'center';
        const x = Math.min(Math.max(at(row.estimate), chartArea.left + 80), chartArea.right - 80);
        text(ctx, row.text, x, y - 10, `12px "${FAMILY}"`, INK);
      });
      ctx.restore();
    },
  };
}

function suitesConfig(chart: SuitesChart): ChartConfiguration {
  const states = [...new Set(chart.rows.flatMap((row) => row.pieces.map((piece) => piece.state)))];
  const count = (row: SuitesChart['rows'][number], state: string) =>
    row.pieces.find((piece) => piece.state === state)?.count ?? 0;
  return {
    type: 'bar',
    data: {
      labels: chart.rows.map((row) => [row.label, row.pieces.map((p) => `${p.count} ${p.state}`).join(', ')]),
      datasets: states.map((state) => ({
        label: state,
        // Shares, so that a small suite can be read beside a large one; the counts stand in the labels.
        data: chart.rows.map((row) => (row.total === 0 ? 0 : (100 * count(row, state)) / row.total)),
        backgroundColor: STATE_COLOURS[state] ?? MUTED,
        barThickness: 22,
      })),
    },
    options: {
      ...common(chart),
      indexAxis: 'y',
      plugins: { legend: LEGEND },
      scales: {
        x: {
          stacked: true,
          max: 100,
          border: { display: false },
          grid: { color: GRID },
          ticks: { font: TICK_FONT, color: MUTED, callback: (value) => `${value} %` },
        },
        y: { stacked: true, grid: { display: false }, ticks: { font: TICK_FONT, color: INK } },
      },
    },
    plugins: [framePlugin(chart)],
  };
}
