import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLog } from '../log.ts';
import { MediaSilent } from '../media-link.ts';
import { StoreError } from '../store/database.ts';
import { failureProblem } from './failure.ts';

const cases = [
  {
    error: new StoreError('The database /srv/state failed: the disk is full.'),
    reason: 'storage-failed',
  },
  { error: new MediaSilent('the media thread does not answer'), reason: 'media-silent' },
  { error: new TypeError('x is undefined'), reason: 'internal-error' },
];

for (const { error, reason } of cases) {
  test(`${error.name}: the log says what, strangers are told that`, () => {
    let logged = '';
    const log = createLog({
      level: 'error',
      readable: false,
      write: (line) => {
        logged += line;
      },
    });
    const problem = failureProblem(error, '/api/keys', log);
    assert.equal(problem.reason, reason);
    assert.equal(problem.status, reason === 'internal-error' ? 500 : 503);
    assert.ok(logged.includes(error.message));
    assert.ok(!problem.detail.includes('/srv'));
  });
}
