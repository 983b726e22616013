import { expect, it } from 'vitest';
import { descendantsOf } from '../../dag/descendants.js';

const STEPS = [
  { name: 'report', inputs: { of: { step: 'train' }, beside: { step: 'read' } } },
  { name: 'train', inputs: { table: { step: 'features' } } },
  { name: 'read', inputs: { source: { value: 'plant' } } },
  { name: 'features', inputs: { chunks: { step: 'read' } } },
  { name: 'check', inputs: { chunks: { step: 'read' } } },
];

it.each([
  ['read', ['check', 'features', 'read', 'report', 'train']],
  ['features', ['features', 'report', 'train']],
  ['check', ['check']],
])('from %s on follow %j, in whatever order they stand', (first, found) => {
  for (const steps of [STEPS, [...STEPS].reverse()]) expect([...descendantsOf(steps, first)].sort()).toEqual(found);
});
