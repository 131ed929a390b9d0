// --explain as a user types it: its forms, where they go, and what is refused.

import { readFile, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'chai';
import { startNetwork, type RunningNetwork } from '../helpers/network.js';
import { useProcesses } from '../helpers/process.js';
import { useTempFolders } from '../helpers/temp.js';

interface Explained {
  readonly outcome: { readonly kind: string; readonly code?: string };
  readonly messages: readonly { readonly number: number }[];
  readonly traceId: string;
}

describe('cdn fetch --explain', function () {
  this.timeout(60_000);
  const { startCdn, runCdn } = useProcesses({ after: 'all' });
  const tempFolder = useTempFolders();
  let network: RunningNetwork;
  before('start a network', async () => {
    network = await startNetwork(startCdn, ['--verbose']);
  });

  const fetch = async (args: readonly string[], cwd?: string) => {
    const folder = cwd ?? (await tempFolder());
    const done = await runCdn(['fetch', ...args, '--dns', network.dnsAddress], { cwd: folder });
    return { ...done, folder };
  };
  const numbers = (explained: Explained): readonly number[] => [...new Set(explained.messages.map(({ number }) => number))];

  it('alone tells the messages, then the waterfall and the rest', async () => {
    const { code, stdout, stderr } = await fetch(['hiscinema.com/File1', '--explain']);
    expect(code, stderr).to.equal(0);
    const places = ['\n10. store', '\nWhere the time went', '\ntransfer 773 kB ', '\nCache of the local DNS:', '\nTrace ID: ', '\nvideo1.mp4: 773 kB in'].map((text) => stdout.indexOf(text));
    expect(places.every((place, index) => place > (places[index - 1] ?? 0)), stdout).to.equal(true);
    for (const line of stdout.split('\n').filter((one) => /[░▒▓█]/.test(one))) expect(line.length).to.be.at.most(100);
  });

  it('=json and =mermaid have the standard output to themselves; the result is said beside it', async () => {
    const json = await fetch(['hiscinema.com/File2', '--explain=json']);
    expect(json.code, json.stderr).to.equal(0);
    expect(numbers(JSON.parse(json.stdout) as Explained)).to.deep.equal([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(json.stderr).to.match(/video2\.mp4: .* SHA-256 verified/);
    const mermaid = await fetch(['hiscinema.com/File2', '--explain=mermaid']);
    expect(mermaid.stdout).to.match(/^sequenceDiagram\n/);
    expect(mermaid.stdout.split('\n').filter((line) => !/^( {4}|sequenceDiagram$|$)/.test(line))).to.deep.equal([]);
  });

  it('goes to --explain-file, also while the standard output is taken', async () => {
    const { code, stdout, stdoutBytes, stderr, folder } = await fetch(['hiscinema.com/File1', '-o', '-', '--explain=json', '--explain-file', 'story.json']);
    expect(code, stderr).to.equal(0);
    expect(stdoutBytes.length, stdout.slice(0, 80)).to.equal(773_382);
    expect((JSON.parse(await readFile(path.join(folder, 'story.json'), 'utf8')) as Explained).outcome.kind).to.equal('done');
    const text = await fetch(['hiscinema.com/File1', '--force', '--explain', '--explain-file', 'story.txt'], folder);
    expect(text.code, text.stderr).to.equal(0);
    expect(text.stdout).to.not.include('10. store');
    expect(await readFile(path.join(folder, 'story.txt'), 'utf8')).to.match(/^10\. store [^]*Where the time went/m);
  });

  it('a file that is there stays, unless --force', async () => {
    const folder = await tempFolder();
    await writeFile(path.join(folder, 'story.json'), 'mine');
    const args = ['hiscinema.com/File1', '--explain=json', '--explain-file', 'story.json'];
    const refused = await fetch(args, folder);
    expect([refused.code, await readFile(path.join(folder, 'story.json'), 'utf8'), await readdir(folder)]).to.deep.equal([2, 'mine', ['story.json']]);
    expect((await fetch([...args, '--force'], folder)).code).to.equal(0);
  });

  it('a fetch that fails is explained all the same, with its own exit status', async () => {
    const { code, stdout, stderr } = await fetch(['http://127.0.0.1:1/x', '--explain=json']);
    expect(code).to.equal(4);
    expect((JSON.parse(stdout) as Explained).outcome).to.include({ kind: 'failed', code: 'STORE_UNREACHABLE' });
    expect(stderr).to.include('connection refused');
  });

  it('says what does not go together', async () => {
    for (const [args, said] of [
      [['x', '--explain=xml'], /--explain=xml/], [['hiscinema.com/File1', '-o', '-', '--explain=json'], /both want the standard output/],
      [['hiscinema.com/File1', '--json', '--explain=mermaid'], /both want the standard output/], [['hiscinema.com/File1', '--explain-file', ''], /no name/],
    ] as const) {
      const { code, stdout, stderr, folder } = await fetch(args);
      expect(code, args.join(' ')).to.equal(2);
      expect(stdout + stderr).to.match(said);
      expect(await readdir(folder)).to.deep.equal([]);
    }
    const nowhere = await fetch(['hiscinema.com/File1', '--explain=json', '--explain-file', 'no/such/story.json']);
    expect([nowhere.code, nowhere.stderr.includes('no such folder')]).to.deep.equal([6, true]);
  });

  it('is the same trace ID that every server logs, as a fact and, under --verbose, in words', async () => {
    const { stdout } = await fetch(['hiscinema.com/File4', '--explain=json']);
    const { traceId } = JSON.parse(stdout) as Explained;
    await network.process.shows((output) => ['web', 'dns', 'store-'].every((party) => output.split('\n').some((line) => line.includes(`"party":"${party}`) && line.includes(`"traceId":"${traceId}"`))), `trace ID ${traceId} of every party`);
  });
});
