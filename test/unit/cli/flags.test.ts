import { expect } from 'chai';
import { CdnError } from '../../../src/base/errors.js';
import { readList, readOptional } from '../../../src/cli/flags.js';
import { DEFAULTS, FETCH_FIELDS, FIELDS } from '../../../src/config/index.js';

const LISTEN = FIELDS.listen(DEFAULTS.portal);

function failure(read: () => unknown): CdnError {
  try {
    read();
  } catch (error) {
    if (error instanceof CdnError) return error;
    throw error;
  }
  throw new Error('it was taken');
}

describe('a flag with a value that is none', () => {
  const before = process.env['CDN_LISTEN'];
  afterEach(() => {
    if (before === undefined) delete process.env['CDN_LISTEN'];
    else process.env['CDN_LISTEN'] = before;
  });

  const MEANT: readonly (readonly [string, string | undefined])[] = [
    ['8080', '127.0.0.1:8080'], [':8080', '127.0.0.1:8080'], ['localhost:8080', '127.0.0.1:8080'], ['*:80', '127.0.0.1:80'],
    ['192.0.2.1', '192.0.2.1:40720'], ['::1', "'[::1]:40720'"], ['localhost', undefined], ['80a80', undefined], ['99999', undefined],
  ];
  for (const [typed, meant] of MEANT) {
    it(`--listen ${typed}: ${meant ?? 'no guess'}`, () =>
      expect(failure(() => readOptional('listen', LISTEN, typed)).suggestions).to.deep.equal(meant === undefined ? [] : [`the same command with --listen ${meant}`]));
  }
  it('typed as a letter it is named all the same', () =>
    expect(failure(() => readList('header', FETCH_FIELDS.header, ['X: a\r\nEvil: b', 'X: c'])).message).to.match(/^--header: expected .*, got "X: a\\r\\nEvil: b"$/));
  it('from the environment it is named by its variable', () => {
    process.env['CDN_LISTEN'] = '8080';
    expect(failure(() => readOptional('listen', LISTEN, '8080'))).to.deep.include({ suggestions: ['CDN_LISTEN=127.0.0.1:8080'] }).and.have.property('message').that.matches(/^CDN_LISTEN: /);
  });
});
