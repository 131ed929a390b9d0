import { readFile } from 'node:fs/promises';
import { Parser } from '@oclif/core';
import { expect } from 'chai';
import fc from 'fast-check';
import { readPlainLine } from '../../../src/cli/plain-line.js';
import Fetch from '../../../src/commands/fetch.js';

const syntax = { flags: { ...Fetch.baseFlags, ...Fetch.flags }, args: Fetch.args };

/** What oclif makes of it; undefined where it refuses. */
async function asOclif(words: readonly string[]): Promise<{ flags: unknown; args: unknown } | undefined> {
  try {
    const { flags, args } = await Parser.parse([...words], { ...syntax, strict: true });
    return { flags: { ...(flags as object) }, args: { ...(args as object) } };
  } catch {
    return undefined;
  }
}

const names = Object.entries(syntax.flags).flatMap(([name, flag]) => [`--${name}`, ...('char' in flag && flag.char !== undefined ? [`-${flag.char}`] : [])]);
const value = fc.constantFrom('a', '-', '', '0-9', '4', 'text', 'pcap', '-1', '--', '-x', '=', 'http://127.0.0.1/a', '--force', 'a=b');
const word = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...names) },
  { weight: 4, arbitrary: value },
  { weight: 1, arbitrary: fc.tuple(fc.constantFrom(...names), value).map(([name, text]) => `${name}=${text}`) },
  { weight: 1, arbitrary: fc.tuple(fc.constantFrom(...names), value).map(([name, text]) => name + text) },
  { weight: 1, arbitrary: fc.constantFrom('--no-continue', '--no-force', '--nothing', '-4', '--help', '-h', '--json', '-sk', '-so') },
);

describe('cli: a plain command line', () => {
  it('is read as oclif reads it, or left to oclif', async () => {
    let plain = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(word, { maxLength: 6 }), async (words) => {
        const read = readPlainLine(syntax, words, {});
        if (read === undefined) return;
        plain += 1;
        expect(read).to.deep.equal(await asOclif(words));
      }),
      { numRuns: 3000 },
    );
    expect(plain).to.be.greaterThan(300);
  });

  it('is most of what people type', async () => {
    for (const line of [
      'hiscinema.com/File1', 'hiscinema.com/File1 --explain=json --force', '-o film.mp4 http://127.0.0.1/a', '--silent --input-file urls', '-O http://127.0.0.1/a -r 0-499 -C -',
      '-H a:b -H c:d -o a -o b u v', '--no-continue --parallel 4 u', '--explain-file=- --explain=text u', '-k -s -x proxy:3128 u', '--output=a u',
    ]) {
      const read = readPlainLine(syntax, line.split(' '), {});
      expect(read, line).to.deep.equal(await asOclif(line.split(' ')));
      expect(read, line).not.to.equal(undefined);
    }
  });

  for (const [what, line] of [
    ['a flag that there is not', '--nothing u'], ['what every object has', '--constructor a u'], ['a flag given twice', '--dns a --dns b u'], ['a flag without its value', 'u --dns'], ['a value that begins with a dash', '--range -500 u'],
    ['a value that is none of its kind', '--explain=xml u'], ['two flags that exclude each other', '-O -o f u'], ['the same, the other way round', '--quiet --verbose u'], ['the end of flags', '-- u'], ['help', '--help'], ['letters in one word', '-sk u'],
  ] as const) {
    it(`leaves ${what} to oclif: ${line}`, () => expect(readPlainLine(syntax, line.split(' '), {})).to.equal(undefined));
  }

  it('leaves a line to oclif where a variable of the environment has a say', () => {
    expect(readPlainLine(syntax, ['u'], { HOME: '/' })).not.to.equal(undefined);
    expect(readPlainLine(syntax, ['u'], { CDN_DNS: '127.0.0.1:53' })).to.equal(undefined);
  });

  it('runs no hooks of oclif: there are none for a command that there is', async () => {
    const { oclif } = JSON.parse(await readFile(new URL('../../../package.json', import.meta.url), 'utf8')) as { oclif: { hooks: object } };
    expect(Object.keys(oclif.hooks)).to.deep.equal(['command_not_found']);
  });

  it('leaves rules that it does not know to oclif', () => {
    const flags = { a: { type: 'boolean' }, b: { type: 'option', dependsOn: ['a'] }, c: { type: 'option', delimiter: ',' } } as const;
    const args = { target: { multiple: true } };
    expect(readPlainLine({ flags, args }, ['--a', 'u'], {})).to.deep.equal({ flags: { a: true }, args: { target: ['u'] } });
    for (const word of ['--b', '--c']) expect(readPlainLine({ flags, args }, [word, '1', 'u'], {}), word).to.equal(undefined);
    expect(readPlainLine({ flags: { d: { type: 'option', required: true } } as never, args }, ['u'], {})).to.equal(undefined);
    expect(readPlainLine({ flags: {}, args: { target: {} } }, ['u'], {})).to.equal(undefined);
  });
});
