import type { Report } from './report.js';

/** The report as one page that needs nothing else. */
export function reportPage(report: Report): string {
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>${report.runId}</title><pre>${JSON.stringify(report.result, null, 2)}</pre></html>`;
}
