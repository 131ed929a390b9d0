// The journal of a cache folder, octet by octet: what a crash leaves and what damage leaves.

import { expect } from 'chai';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { encodeObject, encodeObjectGone, encodeSlice, encodeSliceGone } from '../../../src/store/disk/journal-record.js';
import { JOURNAL, createJournal, readRecords, replayJournal } from '../../../src/store/disk/journal.js';
import { createReplay } from '../../../src/store/disk/replay.js';
import { createObject, createSlice, type KeptObject } from '../../../src/store/kept.js';
import { useTempFolders } from '../../helpers/temp.js';
import { metaOf } from './cache-store-contract.js';

describe('the journal of a cache folder', () => {
  const makeFolder = useTempFolders();
  const options = { fsync: false, onError: (error: unknown) => { throw error; } };

  /** What is kept after a replay, as text: "a: 0>1 1>2"; undefined when the journal is damaged. */
  async function replay(from: string | Buffer): Promise<{ readonly kept: string | undefined; readonly end: number }> {
    const { tell, done } = createReplay();
    const { isSound, end } = typeof from === 'string' ? await replayJournal(from, tell) : await readRecords(async (position) => from.subarray(position, position + 400), tell);
    const kept = [...done().objects].map(({ key, slices }) => `${key}: ${[...slices.values()].map(({ number, file }) => `${number}>${file?.number}`).join(' ')}`).join(', ');
    return { kept: isSound ? kept : undefined, end };
  }

  function objectOf(serial: number, key: string): KeptObject {
    const object = createObject(serial, key, metaOf('v1'), 0);
    object.journalOctets = 1;
    return object;
  }

  /** Objects of three slices; the last one was deleted at the end. */
  async function fill(folder: string): Promise<{ readonly whole: Buffer; readonly end: number; readonly ends: readonly number[] }> {
    const journal = createJournal(folder, options);
    await journal.rewrite(() => []);
    const ends = [journal.written];
    const append = (record: Buffer): void => {
      journal.append(record);
      ends.push(journal.written);
    };
    let file = 0;
    const objects = ['a', 'b', 'purged'].map((key, index) => objectOf(index + 1, key));
    for (const object of objects) {
      append(encodeObject(object));
      for (const number of [0, 1, 2]) append(encodeSlice(createSlice(object, number), { number: (file += 1), checksum: 0xfffffff0 + number }));
    }
    append(encodeSliceGone(createSlice(objects[0]!, 1)));
    append(encodeObjectGone(objects[2]!));
    const end = journal.written;
    journal.close();
    return { whole: await readFile(path.join(folder, JOURNAL)), end, ends };
  }
  const ALL = 'a: 0>1 2>3, b: 0>4 1>5 2>6';

  it('tells in order what was written', async () => {
    const folder = await makeFolder();
    const { end } = await fill(folder);
    expect(await replay(folder)).to.deep.equal({ kept: ALL, end });
  });

  it('an octet that is damaged, wherever, in whatever way: nothing is believed', async () => {
    const folder = await makeFolder();
    const { whole, end } = await fill(folder);
    for (let at = 0; at < end; at += 1) {
      for (const mask of [0x01, 0x80, 0xff, whole[at] ?? 0]) {
        if (mask === 0) continue;
        const damaged = Buffer.from(whole);
        damaged[at] = (damaged[at] ?? 0) ^ mask;
        const { kept } = await replay(damaged.subarray(0, end + 500));
        // The octet that ends a record is worth nothing once the record is right.
        if (kept !== undefined && kept !== ALL) throw new Error(`octet ${at} ^ ${mask}: ${kept}`);
      }
    }
  });

  it('room ahead that is not empty is damage: it may have been the record that takes something away', async () => {
    const { whole, end } = await fill(await makeFolder());
    for (let at = end; at < whole.length; at += at < end + 40 ? 1 : 5000) {
      const damaged = Buffer.from(whole);
      damaged[at] = 7;
      // The beginning of a length and nothing else is what a crash may leave.
      expect((await replay(damaged)).kept, `octet ${at} of ${end}`).to.equal(at < end + 4 ? ALL : undefined);
    }
  });

  for (const ahead of [0, 3000]) {
    it(`wherever a crash cut it${ahead > 0 ? ', with room ahead' : ''}: whole records count, and writing goes on after them`, async () => {
      const folder = await makeFolder();
      const { whole, end, ends } = await fill(folder);
      const file = path.join(folder, JOURNAL);
      for (let at = 1; at < end; at += 1) {
        const left = Buffer.concat([whole.subarray(0, at), Buffer.alloc(ahead)]);
        const found = await replay(left);
        const cut = ends.filter((place) => place <= at).at(-1);
        if (cut === undefined) {
          expect(found.kept, `in the first line, octet ${at}`).to.equal(undefined);
          continue;
        }
        // A record that ends with zeros is whole without them where zeros are.
        const next = ends.find((place) => place > at) ?? end;
        const isWhole = ahead > 0 && whole.subarray(at, next - 1).every((octet) => octet === 0);
        if (found.end !== (isWhole ? next : cut)) throw new Error(`cut at ${at}: ends at ${found.end}, not ${cut}`);
        if (at % 13 !== 0) continue;
        await writeFile(file, left);
        const journal = createJournal(folder, options);
        journal.adopt(found.end);
        const after = objectOf(9, 'after');
        journal.append(encodeObject(after));
        journal.append(encodeSlice(createSlice(after, 0), { number: 99, checksum: 1 }));
        journal.close();
        expect((await replay(folder)).kept, `cut at ${at}`).to.match(/(^|, )after: 0>99$/);
      }
    });
  }

  it('is rewritten while it is written to, and misses nothing', async () => {
    const folder = await makeFolder();
    const journal = createJournal(folder, options);
    const objects = Array.from({ length: 2000 }, (_, index) => objectOf(index + 1, `k${index}`));
    for (const object of objects) {
      const slice = createSlice(object, 0);
      slice.file = { number: object.serial, checksum: 1 };
      object.slices.set(0, slice);
    }
    await journal.rewrite(() => []);
    const kept = new Set(objects);
    const rewriting = journal.rewrite(() => kept);
    const turns = (async () => {
      for (const object of objects.slice(0, 500)) {
        kept.delete(object);
        journal.append(encodeObjectGone(object));
        if (object.serial % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      const late = objectOf(5000, 'late');
      journal.append(encodeObject(late));
      journal.append(encodeSlice(createSlice(late, 1), { number: 5000, checksum: 1 }));
    })();
    await Promise.all([rewriting, turns]);
    journal.close();
    const { kept: found } = await replay(folder);
    expect(found?.split(', ')).to.have.length(1501);
    expect(found).to.match(/^k500: 0>501, .*, late: 1>5000$/);
  });

  it('destroyed, it holds nothing, and takes nothing until it is rewritten', async () => {
    const folder = await makeFolder();
    await fill(folder);
    const journal = createJournal(folder, options);
    journal.adopt((await replay(folder)).end);
    journal.destroy();
    journal.append(encodeObject(objectOf(9, 'lost')));
    expect([journal.isOpen, journal.octets, (await replay(folder)).kept]).to.deep.equal([false, 0, '']);
    await journal.rewrite(() => []);
    journal.append(encodeObject(objectOf(9, 'x')));
    expect(journal.isOpen).to.equal(true);
    journal.close();
    expect((await replay(folder)).kept).to.equal('');
  });

  it('says what it takes of the disk', async () => {
    const folder = await makeFolder();
    const journal = createJournal(folder, options);
    await journal.rewrite(() => []);
    for (let turn = 0; turn < 3000; turn += 1) journal.append(encodeObjectGone(objectOf(turn, 'x')));
    expect(journal.octets).to.equal((await readFile(path.join(folder, JOURNAL))).length);
    journal.close();
  });
});
