// Errors -> the status and the words a visitor gets.

import { expect } from 'chai';
import { CdnError } from '../../../src/base/errors.js';
import { describeFailure } from '../../../src/web/failures.js';

const timedOut = Object.assign(new Error('no head within 5000 ms'), { code: 'ETIMEDOUT' });

const STATUSES: readonly (readonly [what: string, error: unknown, status: number])[] = [
  ['DNS is silent', new CdnError('DNS_UNREACHABLE', 'x'), 504],
  ['DNS says SERVFAIL', new CdnError('DNS_FAILURE', 'x'), 502],
  ['the store refuses', new CdnError('STORE_UNREACHABLE', 'x', { cause: Object.assign(new Error(), { code: 'ECONNREFUSED' }) }), 502],
  ['the store is silent', new CdnError('STORE_UNREACHABLE', 'x', { cause: timedOut }), 504],
  ['the store speaks nonsense', new CdnError('PEER_PROTOCOL', 'x'), 502],
  ['the store has no such object', new CdnError('NO_SUCH_OBJECT', 'x'), 502],
  ['the store sends other bytes', new CdnError('DIGEST_MISMATCH', 'x'), 502],
  ['the disk is full', new CdnError('DISK_WRITE', 'x'), 503],
  ['a fault of ours', new TypeError('x is undefined'), 500],
];

describe('failures', () => {
  for (const [what, error, status] of STATUSES) it(`${what}: ${status}`, () => expect(describeFailure(error).status).to.equal(status));

  it('pass on what the error says and suggests', () => {
    const failure = describeFailure(new CdnError('STORE_UNREACHABLE', 'cannot connect', { suggestions: ['cdn store --dir x'] }));
    expect(failure).to.include({ message: 'cannot connect', code: 'STORE_UNREACHABLE' });
    expect(failure.suggestions).to.deep.equal(['cdn store --dir x']);
  });

  it('suggest something where the error does not', () => expect(describeFailure(new CdnError('DNS_UNREACHABLE', 'x')).suggestions).to.deep.equal(['cdn dns']));

  it('tell nothing of a fault of ours to strangers', () => expect(describeFailure(new TypeError('secret')).message).not.to.include('secret'));
});
