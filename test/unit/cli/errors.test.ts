import { expect } from 'chai';
import { CdnError, ERRORS, type ErrorCode } from '../../../src/base/errors.js';
import { describeFailure } from '../../../src/cli/errors.js';

describe('a failure', () => {
  it('ends with the exit status of its code, for every code', () => {
    for (const [code, kind] of Object.entries(ERRORS)) expect(describeFailure(new CdnError(code as ErrorCode, 'x'), 'up').exit).to.equal(kind.exit);
  });
  it('says what was attempted and what to type next', () =>
    expect(describeFailure(new CdnError('NO_SUCH_TITLE', 'there is no File9', { suggestions: ['cdn fetch hiscinema.com/File1'] }), 'fetch').lines).to.deep.equal([
      'error: there is no File9',
      '  try: cdn fetch hiscinema.com/File1',
    ]));
  it('of ours is called a bug, with its stack, and exits 1', () => {
    const failure = describeFailure(new TypeError('undefined is not a function'), 'up');
    expect(failure.exit).to.equal(1);
    expect(failure.lines.join('\n')).to.match(/^error: this is a bug in cdn: undefined is not a function\nTypeError: /);
  });
  it('of usage points to the help', () => {
    const error = Object.assign(new Error('Missing 1 required arg:\ntarget  what to fetch\nSee more help with --help'), { oclif: { exit: 2 } });
    expect(describeFailure(error, 'fetch').lines).to.deep.equal(['error: Missing 1 required arg: target: what to fetch', '  try: cdn fetch --help']);
  });
});
