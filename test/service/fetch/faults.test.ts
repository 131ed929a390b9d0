// Two hundred and more fetches through seeded trouble: whatever happens, the final name is worn by all the
// bytes of one version, or by none, and then the error is a true one.

import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import { systemClock } from '../../../src/base/clock.js';
import { CdnError } from '../../../src/base/errors.js';
import { createSeededRandom, type Random } from '../../../src/base/random.js';
import { formatHead, formatNote, parseJournal } from '../../../src/fetch/journal.js';
import type { FetchEvent } from '../../../src/fetch/index.js';
import { createResponse } from '../../../src/net/dns/build.js';
import { RCODE } from '../../../src/net/dns/message.js';
import { useTempFolders } from '../../helpers/temp.js';
import { filmVersion, startStores, type Fault, type FaultyStore, type FilmVersion } from './faulty-store.js';
import { a, useParties } from './parties.js';

const RUNS = 240;
const AT_A_TIME = 24;
/** A process number that nobody has. */
const NOBODY = { pid: 4_194_304, started: '0' };

const DETECTABLE: readonly Fault[] = ['cut', 'reset', 'stall', 'wrong-range', 'busy', 'no-ranges', 'garbage', 'late-head', 'cut', 'cut'];
const NEED_A_DIGEST: readonly Fault[] = ['corrupt', 'shifted'];
const TRUE_ERRORS: readonly string[] = ['INCOMPLETE', 'PEER_PROTOCOL', 'PEER_REFUSED', 'STORE_UNREACHABLE', 'DNS_UNREACHABLE', 'DNS_FAILURE', 'DIGEST_MISMATCH'];

interface Trouble {
  readonly promises: boolean;
  readonly versions: readonly [FilmVersion, FilmVersion];
  readonly faults: readonly (readonly Fault[])[];
  readonly etagSuffixes: boolean;
  /** After so many bytes. */
  readonly changeAt: number | undefined;
  readonly killStoreAt: number | undefined;
  readonly killClientAt: number | undefined;
  /** Of a hundred questions. */
  readonly dnsLoss: number;
  readonly parallel: number;
}

function pick<T>(random: Random, list: readonly T[]): T {
  return list[random.int(list.length)]!;
}

function troubleOf(random: Random): Trouble {
  const length = 60_000 + random.int(800_000);
  const promises = random.int(3) > 0;
  const kinds = promises && random.int(4) === 0 ? [...DETECTABLE, ...NEED_A_DIGEST] : DETECTABLE;
  const stores = 1 + random.int(3);
  const sometime = (of: number): number | undefined => (random.int(of) === 0 ? random.int(length) : undefined);
  return {
    promises,
    versions: [filmVersion(random, length), filmVersion(random, length + random.int(3))],
    faults: Array.from({ length: stores }, () => Array.from({ length: random.int(4) }, () => pick(random, kinds))),
    etagSuffixes: promises && random.int(2) === 0,
    changeAt: sometime(5), killStoreAt: stores > 1 ? sometime(4) : undefined, killClientAt: sometime(3),
    dnsLoss: pick(random, [0, 0, 20]),
    parallel: pick(random, [1, 1, 2, 4]),
  };
}

/** What `kill -9` leaves: the files as they are this moment, and an owner that is no more. */
function snapshot(from: string, to: string): void {
  for (const name of readdirSync(from)) {
    const octets = readFileSync(path.join(from, name));
    const journal = name.endsWith('.journal') ? parseJournal(octets.toString()) : undefined;
    writeFileSync(path.join(to, name), journal === undefined ? octets : formatHead({ ...journal.head, owner: NOBODY }) + formatNote(journal.note));
  }
}

describe('fetch: through seeded faults', function () {
  this.timeout(60_000);
  const parties = useParties();
  const newFolder = useTempFolders();
  const tally = { done: 0, failed: 0, resumed: 0, failedOver: 0, restarted: 0, killed: 0 };

  async function oneRun(seed: number): Promise<void> {
    const random = createSeededRandom(seed);
    const trouble = troubleOf(random);
    const { stores, port, close } = await startStores(trouble.faults.map((faults, index) => ({
      version: trouble.versions[0], faults, promises: trouble.promises, etagSuffix: trouble.etagSuffixes ? `-${index}` : '',
    })), random);
    const dns = await parties.bareDns((query) => {
      if (random.int(100) < trouble.dnsLoss) return random.int(2) === 0 ? undefined : createResponse(query, { rcode: RCODE.SERVFAIL });
      return createResponse(query, { answers: stores.map((_, index) => a('film.hercdn.com', `127.0.0.${index + 1}`, 0)) });
    });
    try {
      await follow(trouble, stores, dns, port);
    } finally {
      await close();
    }
  }

  async function follow(trouble: Trouble, stores: readonly FaultyStore[], dns: { address: string; port: number }, port: number): Promise<void> {
    const [first, second] = [await newFolder(), await newFolder()];
    const controller = new AbortController();
    let bytes = 0;
    let { changeAt, killStoreAt, killClientAt } = trouble;
    const onEvent = (event: FetchEvent): void => {
      if (event.kind === 'failed-over') tally.failedOver += 1;
      if (event.kind === 'restarted') tally.restarted += 1;
      if (event.kind === 'resumed') tally.resumed += 1;
      if (event.kind !== 'received') return;
      bytes += event.bytes;
      if (changeAt !== undefined && bytes > changeAt) {
        changeAt = undefined;
        for (const store of stores) store.version = trouble.versions[1];
      }
      if (killStoreAt !== undefined && bytes > killStoreAt) {
        killStoreAt = undefined;
        stores[0]?.kill();
      }
      if (killClientAt !== undefined && bytes > killClientAt) {
        killClientAt = undefined;
        tally.killed += 1;
        snapshot(first, second);
        controller.abort(new CdnError('INTERRUPTED', 'killed'));
      }
    };
    // Time runs fast for the journal, which is written down five times a second.
    const clock = { ...systemClock, monotonic: () => systemClock.monotonic() * 100 };
    const client = parties.fetcher({ dns, timeoutMs: 100 }, { clock });
    const request = { target: `http://film.hercdn.com:${port}/film.mp4`, parallel: trouble.parallel, retries: 4, retryDelayMs: 1 };
    let folder = first;
    let run = await parties.run(client, { ...request, output: { kind: 'file', path: path.join(folder, 'film.mp4') } }, { signal: controller.signal, onEvent });
    if (controller.signal.aborted) {
      folder = second;
      run = await parties.run(client, { ...request, output: { kind: 'file', path: path.join(folder, 'film.mp4') } }, { onEvent });
    }
    await expectTruth(run, folder, trouble);
  }

  async function expectTruth(run: Awaited<ReturnType<typeof parties.run>>, folder: string, trouble: Trouble): Promise<void> {
    const names = await readdir(folder);
    if (run.report === undefined) {
      tally.failed += 1;
      expect(run.error, String(run.error)).to.be.instanceOf(CdnError);
      const { code } = run.error as CdnError;
      expect(TRUE_ERRORS, String(run.error)).to.include(code);
      if (code === 'DIGEST_MISMATCH') expect(trouble.faults.flat().some((fault) => NEED_A_DIGEST.includes(fault)), String(run.error)).to.equal(true);
      expect(names).not.to.include('film.mp4');
      return;
    }
    tally.done += 1;
    expect(names.filter((name) => name.startsWith('film.mp4.') && !name.endsWith('.corrupt') && !/\.[0-9a-f]{8}\.part$/.test(name))).to.deep.equal([]);
    const sha256 = createHash('sha256').update(await readFile(path.join(folder, 'film.mp4'))).digest('hex');
    expect(trouble.versions.map((version) => version.sha256), 'the bytes of one version, whole').to.include(sha256);
    if (trouble.promises) expect(run.report.sha256).to.equal(sha256);
  }

  for (let from = 0; from < RUNS; from += AT_A_TIME * 2) {
    it(`seeds ${from + 1} to ${from + AT_A_TIME * 2}: the right bytes, or a true error`, async () => {
      for (let at = from; at < from + AT_A_TIME * 2; at += AT_A_TIME) {
        const seeds = Array.from({ length: AT_A_TIME }, (_, index) => at + index + 1);
        await Promise.all(seeds.map((seed) => oneRun(seed).catch((error: unknown) => {
          throw new Error(`seed ${seed}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`, { cause: error });
        })));
      }
    });
  }

  it('and it was real trouble: stores left, files resumed and begun anew, clients killed', () => {
    expect(tally.done + tally.failed).to.equal(RUNS);
    expect(tally.done, JSON.stringify(tally)).to.be.greaterThan(RUNS * 0.85);
    for (const count of [tally.failedOver, tally.resumed, tally.restarted, tally.killed]) expect(count, JSON.stringify(tally)).to.be.greaterThan(5);
  });

  it('an interrupted fetch goes on where it was, and asks for the rest alone', async () => {
    const version = filmVersion(createSeededRandom(7), 500_000);
    const { stores, port, close } = await startStores([{ version, faults: ['cut'] }], createSeededRandom(3));
    const folder = await newFolder();
    const file = path.join(folder, 'film.mp4');
    const client = parties.fetcher({ dns: await parties.nobody(), timeoutMs: 1000 });
    try {
      const target = `http://127.0.0.1:${port}/film.mp4`;
      const broken = await parties.run(client, { target, retries: 0, output: { kind: 'file', path: file } });
      expect(String(broken.error)).to.match(/are kept in .*film\.mp4\.part \(the next fetch resumes\)/);
      expect((await readdir(folder)).sort()).to.deep.equal(['film.mp4.part', 'film.mp4.part.journal']);
      const { report, events } = await parties.run(client, { target, output: { kind: 'file', path: file } });
      expect(report?.resumedBytes).to.be.greaterThan(0);
      expect(events.find((event) => event.kind === 'resumed')).to.include({ bytes: report?.resumedBytes });
      expect(stores[0]?.requests.at(-1)).to.match(new RegExp(`^range: bytes=${report?.resumedBytes}-\r$`, 'im'));
      expect((await readFile(file)).equals(version.bytes)).to.equal(true);
      expect(await readdir(folder)).to.deep.equal(['film.mp4']);
    } finally {
      await close();
    }
  });
});
