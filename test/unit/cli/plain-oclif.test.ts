import { readFile } from 'node:fs/promises';
import { expect } from 'chai';
import { Args, Command, Flags } from '../../../src/cli/plain-oclif.js';

const read = (name: string): Promise<string> => readFile(new URL(`../../../src/${name}`, import.meta.url), 'utf8');
const all = (text: string, pattern: RegExp): readonly string[] => [...new Set([...text.matchAll(pattern)].map((match) => match[1] ?? ''))];

/** What a plain fetch runs through, and imports of oclif. */
const FILES = ['commands/fetch.ts', 'cli/base-command.ts', 'cli/flags.ts', 'cli/fetch-flags.ts', 'cli/explain-output.ts'];

describe('cli: what stands in for oclif', () => {
  it('has all that cdn fetch asks of a command', async () => {
    const text = (await Promise.all(['commands/fetch.ts', 'cli/base-command.ts'].map(read))).join('');
    const own = all(text, /^ {2}(?:(?:private|protected|override|static|readonly|async|get) )*([#\w]+)(?:[(:]| = )/gm);
    const given = [...Object.getOwnPropertyNames(Command.prototype), ...all(await read('cli/plain-oclif.ts'), /^ {2}protected (?:readonly )?(\w+)/gm)];
    const asked = all(text, /\bthis\.(#?\w+)/g);
    expect(asked).to.include.members(['argv', 'parse', 'log', 'exit']);
    expect(asked.filter((name) => !own.includes(name) && !given.includes(name))).to.deep.equal([]);
  });

  it('has all the makers of flags and arguments that are used', async () => {
    const text = (await Promise.all(FILES.map(read))).join('');
    expect(all(text, /\bFlags\.(\w+)/g).filter((name) => !(name in Flags))).to.deep.equal([]);
    expect(all(text, /\bArgs\.(\w+)/g).filter((name) => !(name in Args))).to.deep.equal([]);
  });
});
