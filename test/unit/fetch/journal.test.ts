import { writeFile, readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'chai';
import { formatHead, formatNote, parseJournal, type JournalHead } from '../../../src/fetch/journal.js';
import { claimLeftover, placeJournal } from '../../../src/fetch/leftover.js';
import { currentBoot, isAlive, thisOwner } from '../../../src/fetch/owner.js';
import { useTempFolders } from '../../helpers/temp.js';

const HEAD: JournalHead = {
  url: 'http://127.0.0.1:1/film.mp4', data: 'film.mp4.part', version: { etag: '"1"', length: 100, sha256: undefined }, offset: 0, boot: currentBoot(), owner: undefined,
};
const note = (first: number, last: number) => formatNote({ have: [{ firstPos: first, lastPos: last }], durable: [{ firstPos: first, lastPos: 9 }] });

describe('fetch: the journal', () => {
  const newFolder = useTempFolders();

  it('says what its last whole line says', () => {
    const journal = parseJournal(formatHead(HEAD) + note(0, 19) + note(0, 49));
    expect(journal?.head.version).to.deep.equal({ etag: '"1"', length: 100 });
    expect(journal?.note).to.deep.equal({ have: [{ firstPos: 0, lastPos: 49 }], durable: [{ firstPos: 0, lastPos: 9 }] });
  });

  it('cut off anywhere, it says what it said before, or nothing', () => {
    const text = formatHead(HEAD) + note(0, 19) + note(0, 49);
    for (let at = 0; at < text.length; at += 1) {
      const last = parseJournal(text.slice(0, at))?.note.have.at(-1)?.lastPos;
      // A line is whole without its end.
      const whole = text.slice(0, at).split('\n').map((line) => `${line}\n`);
      const expected = whole.includes(note(0, 49)) ? 49 : whole.includes(note(0, 19)) ? 19 : undefined;
      expect(last, `cut at ${at}`).to.equal(expected);
    }
  });

  it('with any character changed, it never says more than was written', () => {
    const text = formatHead(HEAD) + note(0, 19);
    for (let at = 0; at < text.length; at += 1) {
      const changed = text.slice(0, at) + (text[at] === '7' ? '8' : '7') + text.slice(at + 1);
      const journal = parseJournal(changed);
      if (journal !== undefined) expect(journal.note.have.length === 0 || changed.endsWith(note(0, 19)) || changed.includes(note(0, 19).trimEnd()), `changed at ${at}`).to.equal(true);
    }
  });

  it('is taken over by one of many, and by nobody while its owner lives', async () => {
    const folder = await newFolder();
    const file = path.join(folder, 'film.mp4.part.journal');
    await writeFile(path.join(folder, 'film.mp4.part'), 'x'.repeat(50));
    await writeFile(file, formatHead({ ...HEAD, owner: thisOwner() }) + note(0, 49));
    expect(claimLeftover(file, `${file}.own`, `${file}.1`).kind).to.equal('held');
    await writeFile(file, formatHead({ ...HEAD, owner: { pid: 4_194_304, started: '1' } }) + note(0, 49));
    const kinds = [1, 2, 3].map((number) => claimLeftover(file, path.join(folder, `own.${number}`), `${file}.${number}`).kind);
    expect(kinds).to.deep.equal(['claimed', 'none', 'none']);
    expect(await readdir(folder)).to.deep.equal(['own.1']);
  });

  it('of a run that was killed tells of the file that it names, and not of what has the usual name', async () => {
    const folder = await newFolder();
    const file = path.join(folder, 'film.mp4.part.journal');
    for (const [owner, usual, kind] of [[{ pid: 4_194_304, started: '1' }, true, 'none'], [undefined, true, 'claimed'], [undefined, false, 'none']] as const) {
      await writeFile(path.join(folder, 'film.mp4.part'), 'x'.repeat(50));
      await writeFile(file, formatHead({ ...HEAD, data: 'film.mp4.0.part', owner, usual }) + note(0, 49));
      expect(claimLeftover(file, `${file}.own`, `${file}.1`).kind).to.equal(kind);
    }
  });

  it('of another life of the machine, it is believed as far as it was synced', async () => {
    const folder = await newFolder();
    const file = path.join(folder, 'film.mp4.part.journal');
    for (const [boot, lastPos, size = 50] of [[currentBoot(), 49], ['another', 9], [undefined, 9], [currentBoot(), 29, 30]] as const) {
      // Nor is what a file doesn't have.
      await writeFile(path.join(folder, 'film.mp4.part'), 'x'.repeat(size));
      await writeFile(file, formatHead({ ...HEAD, boot, owner: thisOwner() }).replace(/.*/, formatHead({ ...HEAD, boot, owner: { pid: 4_194_304, started: '1' } }).trimEnd()) + note(0, 49));
      const claim = claimLeftover(file, `${file}.own`, `${file}.1`);
      if (claim.kind !== 'claimed') throw new Error(claim.kind);
      // Where the system doesn't say which life it is, what was synced must do.
      expect(claim.claimed.have).to.deep.equal([{ firstPos: 0, lastPos: boot === undefined ? 9 : lastPos }]);
    }
  });

  it('is placed where there is none, and replaces nobody’s', async () => {
    const folder = await newFolder();
    const file = path.join(folder, 'j');
    expect(placeJournal(file, `${file}.1`, 'one')).to.equal(true);
    expect(placeJournal(file, `${file}.2`, 'two')).to.equal(false);
    expect(await readFile(file, 'utf8')).to.equal('one');
    expect(await readdir(folder)).to.deep.equal(['j']);
  });

  it('knows that this process lives, and that another of its number would be another', () => {
    const owner = thisOwner();
    expect(isAlive(owner)).to.equal(true);
    expect(isAlive({ pid: 4_194_304, started: undefined })).to.equal(false);
    if (owner.started !== undefined) expect(isAlive({ ...owner, started: '1' })).to.equal(false);
  });
});
