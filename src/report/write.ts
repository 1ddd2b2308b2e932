import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { Failure } from '../errors/failure.js';
import { renderComparePage } from './html/compare-page.js';
import { renderPage } from './html/page.js';
import { renderJunit } from './junit.js';
import { runReportSchema, type RunReport } from './model.js';
import { layoutCharts } from './png/charts.js';
import { drawPng } from './png/draw.js';

/** Absolute or relative as `outDir` was. */
export interface ReportPaths {
  readonly html: string;
  readonly json: string;
  readonly pngs: readonly string[];
  readonly junit: string;
}

/**
 * Writes `results.json`, `index.html`, the charts and `junit.xml` of a run. The numbers come first: whatever stops a
 * later file, the report can be made again from `results.json`.
 *
 * @throws Failure `internal` where the report does not fit its schema; nothing is written then.
 */
export async function writeReport(report: RunReport, outDir: string): Promise<ReportPaths> {
  checkReport(report);
  await mkdir(outDir, { recursive: true });
  const json = await replaceFile(outDir, 'results.json', `${JSON.stringify(report, undefined, 2)}\n`);
  const pngs = await writeCharts(report, outDir, '');
  const names = pngs.map((path) => path.slice(outDir.length + 1));
  const html = await replaceFile(outDir, 'index.html', renderPage(report, names));
  const junit = await replaceFile(outDir, 'junit.xml', renderJunit([report]));
  return { html, json, pngs, junit };
}

/**
 * Renders reports that were read: one as {@link writeReport} does, several side by side on one page with the charts
 * of each.
 *
 * @returns The paths of the files, the page first.
 */
export async function renderRuns(reports: readonly RunReport[], outDir: string): Promise<readonly string[]> {
  const [first] = reports;
  if (first === undefined) throw new Failure('usage', 'There is no run to render');
  if (reports.length === 1) {
    const { html, pngs, json, junit } = await writeReport(first, outDir);
    return [html, ...pngs, json, junit];
  }
  await mkdir(outDir, { recursive: true });
  const pngs: string[] = [];
  for (const [index, report] of reports.entries()) {
    pngs.push(...(await writeCharts(report, outDir, `run-${index + 1}-`)));
  }
  const html = await replaceFile(outDir, 'index.html', renderComparePage(reports));
  const junit = await replaceFile(outDir, 'junit.xml', renderJunit(reports));
  return [html, ...pngs, junit];
}

function checkReport(report: RunReport): void {
  const checked = runReportSchema.safeParse(report);
  if (checked.success) return;
  throw new Failure('internal', `The report does not fit its schema: ${z.prettifyError(checked.error)}`, {
    cause: checked.error,
  });
}

async function writeCharts(report: RunReport, outDir: string, prefix: string): Promise<string[]> {
  const paths: string[] = [];
  for (const chart of layoutCharts(report)) {
    paths.push(await replaceFile(outDir, `${prefix}${chart.name}.png`, await drawPng(chart)));
  }
  return paths;
}

/** A reader sees the old file or the new one, never half of it. */
async function replaceFile(outDir: string, name: string, content: string | Uint8Array): Promise<string> {
  const path = join(outDir, name);
  const temporary = `${path}.${process.pid}.tmp`;
  await writeFile(temporary, content);
  await rename(temporary, path);
  return path;
}
