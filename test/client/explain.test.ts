import { describe, expect, it } from 'vitest';
import { overLimit } from '../../client/explain.js';

const limit = (is: number) => ({ what: 'events of the history', is, most: 51_200 });

describe('limits', () => {
  it('are none of those who keep them', () => {
    expect(overLimit({ pipeline: 'sensor-training', limits: [limit(51_200)] })).toBeNull();
  });

  it('name what would break a run', () => {
    const batch = { what: 'seconds of a batch of features', is: 900.4, most: 600 };
    const error = overLimit({ pipeline: 'sensor-training', limits: [limit(10), batch] });
    expect(error).toMatchObject({ code: 'MR_LIMIT' });
    expect(error!.message).toContain('900 seconds of a batch of features, where 600 are allowed');
    expect(error!.message).not.toContain('events');
  });
});
