import type { StepCall } from '../dag/plan.js';
import { readJson } from '../store/frames.js';
import type { Stores } from './context.js';
import type { Findings } from './findings.js';
import type { Inspected } from './inspect.js';
import type { Listing } from './source.js';

export interface InspectionReportInput {
  listing: Listing;
  inspected: Inspected;
}

/** Result of an inspection: what was found in the source, and how a run would read it. */
export interface InspectionResult extends Findings {
  source: string;
  bytes: number;
}

/** Brings what was found to who asked for it. */
export function createInspectionReport(stores: Stores) {
  return async ({ inputs }: StepCall<InspectionReportInput>): Promise<InspectionResult> => {
    const { listing, inspected } = inputs;
    const findings = await readJson<Findings>(stores.objects, inspected.findings);
    return { source: listing.source, bytes: listing.bytes, ...findings };
  };
}
