import { writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'chai';
import { systemClock } from '../../../src/base/clock.js';
import { createAuthority, openZoneFiles, type ZoneFiles } from '../../../src/dns/index.js';
import { createLog } from '../../../src/observe/log.js';
import { ask, createHandClock, summary, type HandClock } from '../../helpers/dns.js';
import { useTempFolders } from '../../helpers/temp.js';

const zone = (address: string, more = ''): string => `$ORIGIN example.\n$TTL 60\n@ SOA ns h 1 2 3 4 5\n@ NS ns\nns A 192.0.2.53\nwww A ${address}\n${more}`;
const answer = (address: string): string => `NOERROR aa | www.example. 60 A ${address}`;

describe('zone files that change', () => {
  const createFolder = useTempFolders();

  async function parties(text: string) {
    const folder = await createFolder();
    const file = path.join(folder, 'example.zone');
    const include = path.join(folder, 'more');
    await writeFile(include, 'w2 A 192.0.2.7\n');
    await writeFile(file, text);
    const lines: string[] = [];
    const log = createLog(({ message }) => lines.push(message));
    const clock: HandClock = { ...createHandClock(), sleep: (ms, signal) => systemClock.sleep(ms, signal) };
    const files = await openZoneFiles([file], { clock, log });
    const handler = createAuthority({ zones: files.set }, { clock, log: createLog(() => undefined) });
    return { folder, file, include, lines, files, clock, www: async () => summary(await ask(handler, 'A www.example.')), w2: async () => summary(await ask(handler, 'A w2.example.')) };
  }

  it('are read again when told so', async () => {
    const { file, files, www, lines } = await parties(zone('192.0.2.1'));
    await writeFile(file, zone('192.0.2.2'));
    expect(await www()).to.equal(answer('192.0.2.1'));
    await files.reload();
    expect(await www()).to.equal(answer('192.0.2.2'));
    expect(lines.join('\n')).to.match(/Zone example loaded again from .*example\.zone: serial 1, 3 names/);
  });
  it('are read once more, however often that is asked for meanwhile, and it is the last of it that is served', async () => {
    const { file, files, www, lines } = await parties(zone('192.0.2.1'));
    const first = files.reload();
    // It has begun, and its files take longer than this.
    await Promise.resolve();
    await Promise.resolve();
    writeFileSync(file, zone('192.0.2.2'));
    await Promise.all([first, ...Array.from({ length: 50 }, () => files.reload())]);
    expect(lines.filter((line) => line.startsWith('Zone example loaded again'))).to.have.length(2);
    expect(await www()).to.equal(answer('192.0.2.2'));
  });
  it('leave the zone as it was when they are broken, and every mistake is in the log', async () => {
    const { file, files, www, lines } = await parties(zone('192.0.2.1'));
    await writeFile(file, zone('x', 'a A y\n'));
    await files.reload();
    expect(await www()).to.equal(answer('192.0.2.1'));
    expect(lines.join('\n')).to.include(`${file}:6:7: A address: expected an IPv4 address, got "x"`).and.to.include(`${file}:7:5: `).and.to.include('The zone is served as it was before');
    await writeFile(file, zone('192.0.2.3'));
    await files.reload();
    expect(await www()).to.equal(answer('192.0.2.3'));
  });
  it('are served with a line in the log for what is not well with them, each time they are read', async () => {
    const { file, files, www, lines } = await parties(zone('192.0.2.1', 'sub NS gone\n'));
    const warned = `the zone file ${file} is served, but not all is well with it:\n${file}:7:1: sub.example. NS points at gone.example., which has no address in this zone`;
    expect(lines).to.deep.equal([warned]);
    await writeFile(file, zone('192.0.2.2', 'sub NS gone\n'));
    await files.reload();
    expect(await www()).to.equal(answer('192.0.2.2'));
    expect(lines.filter((line) => line === warned)).to.have.length(2);
  });
  it('do not become another zone', async () => {
    const { file, files, www, lines } = await parties(zone('192.0.2.1'));
    await writeFile(file, zone('192.0.2.2').replace('$ORIGIN example.', '$ORIGIN example.org.'));
    await files.reload();
    expect(await www()).to.equal(answer('192.0.2.1'));
    expect(lines.join('\n')).to.match(/is now of example\.org\./);
  });
  it('are each a zone of their own', async () => {
    const { file, clock } = await parties(zone('192.0.2.1'));
    let message = '';
    await openZoneFiles([file, file], { clock, log: createLog(() => undefined) }).catch((error: unknown) => (message = String(error)));
    expect(message).to.match(/are both the zone example\./);
  });

  /** Lets the watcher look as often as it takes until `isThere`; mocha's patience is the limit. */
  async function looked(clock: HandClock, isThere: () => Promise<boolean>): Promise<void> {
    while (!(await isThere())) {
      clock.advance(1000);
      await systemClock.sleep(1);
    }
  }
  const watching = async (files: ZoneFiles, run: () => Promise<void>): Promise<void> => {
    const stop = files.watch();
    try {
      await run();
    } finally {
      stop();
    }
  };

  it('are read again when they change', async () => {
    const { file, files, clock, www } = await parties(zone('192.0.2.1'));
    await watching(files, async () => {
      await writeFile(file, zone('192.0.2.22'));
      await looked(clock, async () => (await www()) === answer('192.0.2.22'));
      await writeFile(file, zone('x'));
      await writeFile(file, zone('192.0.2.3'));
      await looked(clock, async () => (await www()) === answer('192.0.2.3'));
    });
  });
  it('are read again when a file they include changes', async () => {
    const { files, clock, include, w2 } = await parties(zone('192.0.2.1', '$INCLUDE more\n'));
    await watching(files, async () => {
      expect(await w2()).to.equal('NOERROR aa | w2.example. 60 A 192.0.2.7');
      await writeFile(include, 'w2 A x\n');
      await writeFile(include, 'w2 A 192.0.2.88\n');
      await looked(clock, async () => (await w2()) === 'NOERROR aa | w2.example. 60 A 192.0.2.88');
      await writeFile(include, 'w2 A 192.0.2.9\n');
      await looked(clock, async () => (await w2()) === 'NOERROR aa | w2.example. 60 A 192.0.2.9');
    });
  });
  it('are not read again when nothing changes', async () => {
    const { files, clock, lines, file } = await parties(zone('192.0.2.1'));
    await watching(files, async () => {
      for (let index = 0; index < 5; index += 1) {
        clock.advance(1000);
        await systemClock.sleep(1);
      }
      expect(lines).to.deep.equal([]);
      await writeFile(file, zone('192.0.2.4'));
      await looked(clock, () => Promise.resolve(lines.length > 0));
    });
    expect(lines).to.have.length(1);
  });
});
