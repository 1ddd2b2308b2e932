import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { XMLParser } from 'fast-xml-parser';
import { consoleSummary } from './console.js';
import { formatDuration, formatInterval, formatP, formatRatio, formatSpeed } from './format.js';
import { renderComparePage } from './html/compare-page.js';
import { html } from './html/html.js';
import { renderPage } from './html/page.js';
import { renderJunit } from './junit.js';
import { layoutArmCosts } from './layout/arm-costs.js';
import { layoutBench } from './layout/bench.js';
import { layoutClaims } from './layout/claims.js';
import { layoutHeadline } from './layout/headline.js';
import { layoutSuites } from './layout/suites.js';
import type { RunReport } from './model.js';
import { toPicture } from './png/chart-config.js';
import { layoutCharts } from './png/charts.js';
import { readRun } from './read.js';
import { LOOSE_TEXT } from './testing/loose-text.js';
import { sampleRun } from './testing/sample-run.js';
import { renderRuns, writeReport } from './write.js';

const suitesOnly: RunReport = { ...sampleRun(), bench: [] };
delete suitesOnly.simulated;
const benchOnly: RunReport = { ...sampleRun(), suites: [], verdict: 'passed' };

async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'objectfs-report-'));
  try {
    await use(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

describe('numbers', () => {
  test('are written with the digits that matter', () => {
    expect(formatRatio(2.944)).toBe('2.94\u00d7');
    expect(formatInterval({ lower: 0.983, upper: 12.34 })).toBe('0.98 to 12.3\u00d7');
    expect([formatSpeed(0.512), formatSpeed(22.04), formatSpeed(412.7)]).toEqual(['0.51', '22.0', '413']);
    expect([formatP(0.0001), formatP(0.0421), formatP(0.5)]).toEqual(['< 0.001', '0.042', '0.50']);
    expect([formatDuration(12), formatDuration(8400), formatDuration(192_000)]).toEqual([
      '12 ms',
      '8.4 s',
      '3 min 12 s',
    ]);
  });
});

describe('layout', () => {
  test('all rows of a benchmark share one logarithmic axis, and marks stay inside it', () => {
    const rows = layoutBench(sampleRun().bench);
    const positions = rows.flatMap(({ plot }) =>
      plot === undefined ? [] : [plot.lower, plot.estimate, plot.upper, ...plot.dots.map((dot) => dot.x)],
    );
    expect(new Set(rows.map((row) => row.plot?.one)).size).toBe(1);
    expect(Math.min(...positions)).toBeGreaterThan(0);
    expect(Math.max(...positions)).toBeLessThan(1);
    expect(rows[1]?.plot?.dots.filter((dot) => dot.outlier)).toHaveLength(1);
    expect(rows[1]?.bars.map((bar) => [bar.arm, Math.round(bar.share * 100)])).toEqual([
      ['plain', 29],
      ['sdk', 52],
      ['optimized', 100],
    ]);
  });

  test('what arms asked for twice and the connections they took are means of a run', () => {
    const [plain, , optimized] = layoutArmCosts(sampleRun().bench);
    expect([plain?.arm, plain?.hedges, plain?.connections]).toEqual(['plain', '', '1 opened, 2 reused']);
    expect(optimized).toMatchObject({ arm: 'optimized', hedges: '0.5 sent, 0.3 won, 0 cancelled' });
    const untold = sampleRun().bench.map((cell) => ({
      ...cell,
      arms: cell.arms.map((arm) => ({
        ...arm,
        samples: arm.samples.map(({ hedges, connections, ...rest }) => {
          expect([hedges, connections]).not.toContain(undefined);
          return rest;
        }),
      })),
    }));
    expect(layoutArmCosts(untold)[2]).toMatchObject({ hedges: '', connections: '' });
    expect(renderPage(sampleRun(), [])).toContain('<td>0.5 sent, 0.3 won, 0 cancelled</td>');
  });

  test('states are counted apart, and coverage leaves out what could not be run', () => {
    const [row] = layoutSuites(sampleRun().suites);
    expect(row?.counts.map(({ state, count }) => [state, count])).toEqual([
      ['passed', 2],
      ['failed', 1],
      ['unsupported', 1],
      ['skipped', 1],
      ['expected-failure', 1],
    ]);
    expect(row?.operations).toEqual([
      { operation: 'link', covered: 0, applicable: 1, total: 2 },
      { operation: 'rename', covered: 2, applicable: 3, total: 4 },
      { operation: 'stat', covered: 2, applicable: 3, total: 4 },
    ]);
  });

  test('the headline speaks of the benchmark where there is one, else of the suites', () => {
    expect(layoutHeadline(benchOnly).title).toBe('Optimized transfer runs at 2.11\u00d7 the speed of plain');
    expect(layoutHeadline(suitesOnly).title).toBe('posix: 2 of 6 cases passed');
    expect(layoutHeadline({ ...suitesOnly, suites: [] }).title).toBe('Nothing was run');
  });

  test('claims are the headline where there are any, and the missed ones stand first', () => {
    const measured = { estimate: 5.1, lower: 5, upper: 5.2 };
    const claims: NonNullable<RunReport['claims']> = [
      { says: 'fast enough', state: 'reached', bound: 4.6, side: 'least', measured },
      { says: `slow & ${LOOSE_TEXT}`, state: 'missed', bound: 9, side: 'least', measured },
      { says: 'untried', state: 'not-measured', bound: 1, side: 'most', reason: 'not installed' },
    ];
    const report = { ...benchOnly, claims };
    expect(layoutHeadline(report).title).toBe('1 of 3 claims reached, 1 missed, 1 not measured');
    expect(layoutClaims(claims).map(({ state, found }) => [state, found])).toEqual([
      ['missed', '5.100 (5.000 to 5.200)'],
      ['reached', '5.100 (5.000 to 5.200)'],
      ['not-measured', ''],
    ]);
    expect(consoleSummary(report)).toMatch(/not-measured {2}untried .*not installed/);
    expect(renderPage(report, [])).toContain('slow &amp; ');
    expect(renderPage(report, [])).not.toContain('<script>alert');
  });

  test('bytes that did not match are in the headline and in the row', () => {
    const broken = sampleRun();
    const sample = broken.bench[0]?.arms[0]?.samples[0];
    if (sample !== undefined) sample.verified = false;
    expect(layoutHeadline(broken).details).toContain('1 of 192 transfers moved wrong bytes');
    expect(renderPage(broken, [])).toContain('1 with wrong bytes');
    expect(renderJunit([broken])).toContain('1 transfers moved wrong bytes');
  });
});

describe('page', () => {
  test('says SIMULATED in title, banner and pictures, and only where it is', () => {
    const page = renderPage(sampleRun(), []);
    expect(page).toContain('<title>SIMULATED:');
    expect(page).toContain('<strong>SIMULATED</strong>');
    expect(page).toContain('25 MB/s per connection down');
    expect(layoutCharts(sampleRun()).every((chart) => chart.simulated?.startsWith('SIMULATED'))).toBe(true);
    expect(renderPage(suitesOnly, [])).not.toContain('SIMULATED');
    expect(layoutCharts(suitesOnly).some((chart) => chart.simulated !== undefined)).toBe(false);
  });

  test('needs no other file, no network and no script', () => {
    const page = renderPage(sampleRun(), ['ratio.png']);
    expect(page).not.toMatch(/<script|<link|<img|url\(|src=|@import/);
    expect(page.match(/https?:\/\/[^\s<"]+/g)).toEqual(['http://127.0.0.1:40123']);
  });

  test('escapes whatever cases, reasons and names contain', () => {
    for (const page of [renderPage(sampleRun(), []), renderComparePage([sampleRun(), sampleRun()])]) {
      expect(page).not.toContain('<script>alert');
      expect(page).toContain('&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt; &amp; &#39;quoted&#39;');
    }
    expect(html`<a title="${LOOSE_TEXT}">${[html`<b>${1}</b>`]}</a>`.text).toMatch(
      /^<a title="&lt;.*<b>1<\/b><\/a>$/,
    );
  });

  test('shows each number of a picture as text too', () => {
    const page = renderPage(sampleRun(), []);
    for (const text of [
      '74.8',
      '3.40\u00d7',
      '3.30 to 3.50\u00d7',
      '12 of 12 blocks',
      'faster',
      'equivalent',
    ]) {
      expect(page).toContain(text);
    }
  });

  test('shows suites only, benchmark only, or both', () => {
    expect(renderPage(suitesOnly, [])).not.toContain('id="bench"');
    expect(renderPage(benchOnly, [])).not.toContain('id="suites"');
    expect(renderPage(sampleRun(), [])).toMatch(/id="bench".*id="suites"/s);
  });

  test('failed cases stand open with their reason, passed ones are folded', () => {
    const page = renderPage(suitesOnly, []);
    expect(page).toMatch(/<details class="case" open>.*rename\/case-2/s);
    expect(page).toContain('left behind');
    expect(page).toContain('gone, proven by listing');
    expect(page).toContain('--seed 7');
  });

  test('several runs stand side by side, each ratio from its own run', () => {
    const page = renderComparePage([sampleRun(), suitesOnly]);
    expect(page).toContain('2 runs side by side');
    expect(page).toContain('not measured');
    expect(page).toContain('SIMULATED, same-region');
  });
});

describe('pictures', () => {
  test('charts follow what was run', () => {
    expect(layoutCharts(sampleRun()).map((chart) => chart.name)).toEqual(['throughput', 'ratio', 'suites']);
    expect(layoutCharts(suitesOnly).map((chart) => chart.name)).toEqual(['suites']);
    expect(layoutCharts(benchOnly).map((chart) => chart.name)).toEqual(['throughput', 'ratio']);
  });

  test('the drawing data holds estimate, interval and blocks of each row', () => {
    const ratio = layoutCharts(sampleRun()).find((chart) => chart.kind === 'ratio');
    expect(ratio?.rows.map((row) => row.label)).toEqual([
      'upload 1 MiB',
      'upload 32 MiB',
      'download 1 MiB',
      'download 32 MiB',
    ]);
    expect(ratio?.rows[1]).toMatchObject({
      estimate: 3.4,
      verdict: 'faster',
      text: '3.40\u00d7  (3.30 to 3.50\u00d7)',
    });
    expect(ratio?.rows[1]?.blocks).toHaveLength(12);
    if (ratio !== undefined) expect(toPicture(ratio).config.options?.scales?.['x']?.type).toBe('logarithmic');
  });
});

describe('JUnit', () => {
  test('is well-formed, counts a skip as a skip, and keeps reasons', () => {
    const xml = renderJunit([sampleRun()]);
    const parsed: unknown = new XMLParser({ ignoreAttributes: false }).parse(xml);
    expect(parsed).toMatchObject({
      testsuites: { '@_tests': '13', '@_failures': '1', '@_errors': '0', '@_skipped': '3' },
    });
    expect(xml).toContain('(seed 7)');
    expect(xml).toContain('optimized against plain: 3.40');
  });
});

describe('console', () => {
  test('says verdict, failures and what is left behind, without control characters', () => {
    const text = consoleSummary(sampleRun());
    expect(text).toContain('SIMULATED');
    expect(text).toContain('FAILED  Optimized transfer runs at 2.11');
    expect(text).toContain('LEFT BEHIND: bucket objectfs-posix-sample: denied');
    expect(text).not.toContain('\u0001');
  });
});

describe('files', () => {
  test('a written run is read back the same, and all files are there', async () => {
    await inFolder(async (folder) => {
      const paths = await writeReport(sampleRun(), folder);
      expect(await readRun(folder)).toEqual(sampleRun());
      expect(await readFile(paths.html, 'utf8')).toContain('href="ratio.png"');
      for (const png of paths.pngs) {
        expect((await readFile(png)).subarray(1, 4).toString('latin1')).toBe('PNG');
      }
      expect(await renderRuns([sampleRun(), sampleRun()], join(folder, 'both'))).toHaveLength(8);
    });
  });

  test('a report that does not fit its schema is refused before anything is written', async () => {
    await inFolder(async (folder) => {
      const wrong = { ...sampleRun(), run: { ...sampleRun().run, startedAt: 'yesterday' } };
      const out = join(folder, 'out');
      await expect(writeReport(wrong, out)).rejects.toMatchObject({ kind: 'internal' });
      await expect(readRun(out)).rejects.toMatchObject({ kind: 'usage' });
    });
  });

  test('a missing, damaged, foreign or newer file is wrong use, and the message names the file', async () => {
    await inFolder(async (folder) => {
      const file = join(folder, 'results.json');
      for (const content of ['{', '{}', '{"schemaVersion":2}', '{"schemaVersion":1}']) {
        await writeFile(file, content);
        await expect(readRun(folder)).rejects.toMatchObject({ kind: 'usage', subject: file });
      }
    });
  });
});
