// What a person sees: the program on a real terminal of 80 columns, kept by tmux.

import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'chai';
import { PROGRAM, useProcesses } from '../helpers/process.js';
import { useTempFolders } from '../helpers/temp.js';
import { itWith } from '../helpers/programs.js';

describe('a terminal', function () {
  this.timeout(60_000);
  const { run, startCdn } = useProcesses();
  const newFolder = useTempFolders();
  let opened = 0;
  let stop: (() => Promise<unknown>) | undefined;
  afterEach('end tmux', async () => {
    await stop?.();
    stop = undefined;
  });

  /** A shell in a terminal of its own. */
  async function openTerminal(tmux: string) {
    // A tmux of its own, too: one that is just ending takes the next session down with it.
    opened += 1;
    const name = `cdn-test-${process.pid}-${opened}`;
    const ask = async (...args: readonly string[]): Promise<string> => (await run(tmux, ['-u', '-L', name, ...args])).stdout;
    await ask('-f', '/dev/null', 'new-session', '-d', '-s', 't', '-x', '80', '-y', '40', 'env -u NO_COLOR PS1="ready> " sh');
    stop = () => ask('kill-server');
    /** The screen and what has scrolled off it, lines that the terminal has wrapped in one piece. */
    const lines = (): Promise<string> => ask('capture-pane', '-p', '-J', '-t', 't', '-S', '-200');
    // Looks again and again; the test's time limit ends a vain wait.
    const until = async (look: () => Promise<boolean>): Promise<void> => {
      while (stop !== undefined && !(await look())) await pause(20);
    };
    return {
      until,
      screen: () => ask('capture-pane', '-p', '-t', 't', '-S', '-200'),
      type: (text: string) => ask('send-keys', '-t', 't', text, 'Enter'),
      press: (key: string) => ask('send-keys', '-t', 't', key),
      state: async () => (await ask('display-message', '-p', '-t', 't', 'cursor=#{cursor_flag} wrap=#{wrap_flag}')).trim(),
      shows: async (pattern: RegExp): Promise<readonly string[]> => {
        let found: readonly string[] = [];
        await until(async () => (found = pattern.exec(await lines()) ?? []).length > 0);
        return found;
      },
    };
  }

  const cdn = `"${process.execPath}" "${PROGRAM}"`;

  itWith('tmux', 'shows a bar, and whole lines above it; a second Ctrl-C leaves cursor and wrapping as they were', async (tmux) => {
    const terminal = await openTerminal(tmux);
    await terminal.type(`${cdn} up --free-ports --rate 60kB/s`);
    const [, portal = '', dns = ''] = await terminal.shows(/portal\s+http:\/\/(127\.0\.0\.1:\d+)\/\s+local DNS (127\.0\.0\.1:\d+)/);
    const viewer = fetch(`http://${portal}/static/downloadedvideo1.mp4`).then((response) => response.arrayBuffer()).catch(() => undefined);
    await terminal.shows(/web {6}\| Receiving video1 █+░+ \d+% \| [\d.]+ kB \| [\d.]+ kB\/s \| \d+ s left/);
    expect(await terminal.state()).to.equal('cursor=0 wrap=0');
    // A line longer than the screen, told while the bar is drawn, wraps and loses nothing.
    const [, port = ''] = /:(\d+)$/.exec(dns) ?? [];
    await run(process.execPath, ['-e', `const r = new (require('dns').Resolver)(); r.setServers(['127.0.0.1:${port}']); r.resolveSrv('_http._tcp.file5.hiscinema.com', () => {});`]);
    await terminal.shows(/Local DNS: SRV _http\._tcp\.file5\.hiscinema\.com from 127\.0\.0\.1:\d+ -> CNAME _http\._tcp\.file5\.hercdn\.com, SRV 0 0 \d+ store-\d\.hercdn\.com/);
    await terminal.press('C-c');
    await terminal.shows(/press CTRL\+C again to stop at once/);
    await terminal.press('C-c');
    await terminal.until(async () => (await terminal.state()) === 'cursor=1 wrap=1');
    await terminal.shows(/^ready> *$/m);
    await viewer;
  });

  itWith('tmux', 'shows a row for each file and each range, and whole lines above them', async (tmux) => {
    const dir = await newFolder();
    await writeFile(path.join(dir, 'short.bin'), Buffer.alloc(600_000, 's'));
    await writeFile(path.join(dir, 'a-name-that-is-longer-than-one-half-of-the-screen.bin'), Buffer.alloc(1_200_000, 'l'));
    await writeFile(path.join(dir, 'words.txt'), 'words words words\n'.repeat(11_112));
    const [, url = ''] = await startCdn(['store', '--dir', dir, '--listen', '127.0.0.1:0', '--rate', '500kB/s']).printed(/Running on (http:\S+)\//);
    const terminal = await openTerminal(tmux);
    await terminal.type(`cd ${dir} && mkdir got && ${cdn} fetch ${url}/short.bin ${url}/a-name-that-is-longer-than-one-half-of-the-screen.bin -o got --verbose`);
    // Both at the same time, whichever was answered first, each with the range that is under way, the name shortened and nothing else.
    const row = (name: string): string => String.raw`(?=[^]*\n${name} █*░+ \d+% \| [\d.]+ kB \| [\d.]+ kB/s \| \d+ s left \| 127\.0\.0\.1:\d+ *\n {2}from 0 B █*░+ \d+% )`;
    await terminal.shows(new RegExp(`^${row('Receiving short')}${row(String.raw`a-name-\S*…\S*screen`)}`));
    await terminal.shows(/got\/a-name-\S+: +1\.2 MB in /);
    await terminal.until(async () => (await terminal.state()) === 'cursor=1 wrap=1');
    const left = await terminal.screen();
    expect(left).to.match(/^Receiving short contents now\.\. █{20} 100% \| 600 kB \| \d+ kB\/s$/m);
    expect(left).to.match(/^a-name-\S*…\S*screen █+ 100% \| 1\.2 MB \| \d+ kB\/s$/m);
    // Rows leave nothing behind.
    expect(left).to.not.match(/s left/);
    // And where the bytes go to the screen themselves, there are none.
    await terminal.type(`clear; ${cdn} fetch ${url}/words.txt -o -`);
    await terminal.shows(/standard output: 200 kB in /);
    expect(await terminal.screen()).to.include('words words words').and.not.include('Receiving');
  });

  itWith('tmux', 'breaks a message of the story between who and what', async (tmux) => {
    const terminal = await openTerminal(tmux);
    await terminal.type(`${cdn} demo`);
    await terminal.shows(/All is stopped again/);
    expect(await terminal.screen()).to.match(/^3\. {2}client 127\.0\.0\.1:\d+ → local DNS 127\.0\.0\.1:\d+\n {4}A\? file1\.hiscinema\.com \(RD=1\)/m);
    expect(await terminal.screen()).to.match(/^Receiving video1 contents now\.\. █{20} 100% \| 773 kB \| /m);
  });
});
