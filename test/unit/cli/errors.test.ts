import { expect } from 'chai';
import { CdnError, ERRORS, type ErrorCode } from '../../../src/base/errors.js';
import { unknownCommandLines } from '../../../src/cli/base-command.js';
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
  it('of usage is told without its frame', () => {
    const error = Object.assign(new Error('The following error occurred:\n  --verbose=true cannot also be provided when using --quiet\nSee more help with --help'), { oclif: { exit: 2 } });
    expect(describeFailure(error, 'up').lines[0]).to.equal('error: --verbose cannot also be provided when using --quiet');
  });
});

describe('words that are no command', () => {
  const said = (id: string): readonly string[] => unknownCommandLines(id, ['up', 'dns', 'fetch']).lines;
  it('that are nearly one', () => expect(said('fecth')).to.deep.equal(['error: there is no command "fecth"', '  did you mean: cdn fetch']));
  it('but elsewhere are one', () => expect(said('status')[1]).to.equal('  did you mean: cdn dns --status'));
  it('after a command, a folder: the home folder is left to the shell', () => expect(said('up:~/my films')[1]).to.equal("  try: cdn up --dir ~/'my films'"));
});
