// What every command owes its user: help with examples, and a variable for every setting.

import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { PROJECT, useProcesses } from '../helpers/process.js';

interface Manifest {
  readonly commands: Readonly<Record<string, { readonly flags: Readonly<Record<string, { readonly type: string; readonly summary?: string; readonly env?: string }>> }>>;
}

/** Held to the commands by test/architecture/manifest.test.ts. */
const { commands } = JSON.parse(readFileSync(path.join(PROJECT, 'oclif.manifest.json'), 'utf8')) as Manifest;

/** Say what one run does, not how a party is set up: a variable for them would surprise. */
const WITHOUT_VARIABLE: readonly string[] = ['explain', 'explain-file', 'explain', 'explain-file', 'output', 'drain', 'undrain', 'prefix', 'tag'];

describe('help', () => {
  const { runCdn } = useProcesses();

  it('is there for all commands of the README', async () => {
    expect(Object.keys(commands).sort()).to.deep.equal(['demo', 'dns', 'fetch', 'purge', 'sign', 'store', 'trace', 'up', 'warm', 'web', 'why']);
    const { code, stdout } = await runCdn(['--help']);
    expect(code).to.equal(0);
    for (const id of Object.keys(commands)) expect(stdout).to.match(new RegExp(`^  ${id} +\\S`, 'm'));
  });

  for (const [id, { flags }] of Object.entries(commands)) {
    it(`of ${id} has usage, a description and examples`, async () => {
      const { code, stdout } = await runCdn([id, '--help']);
      expect(code).to.equal(0);
      expect(stdout).to.include('USAGE').and.include('DESCRIPTION').and.include('EXAMPLES').and.include(`$ cdn ${id}`);
      // A pipe is taken for a terminal of 80 columns.
      expect(stdout.split('\n').filter((line) => line.length > 80)).to.deep.equal([]);
    });

    it(`of ${id}: every flag has a summary, and a CDN_… variable if it takes a value`, () => {
      for (const [name, flag] of Object.entries(flags)) {
        if (name === 'json') continue; // oclif's own
        expect(flag.summary, `--${name}`).to.be.a('string').with.length.greaterThan(5);
        if (flag.type !== 'option' || WITHOUT_VARIABLE.includes(name)) continue;
        expect(flag.env, `--${name}`).to.equal(`CDN_${name.toUpperCase().replaceAll('-', '_')}`);
      }
    });
  }
});
