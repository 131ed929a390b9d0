// A file on its way: written beside its final name, under a name of its own, so that two clients never
// write into each other, with a journal that lets a later run go on. It gets its final name whole, or never.
// What the system has been given outlives this process, however that ends; a power failure it outlives with
// `fsync` only.

import { appendFileSync, closeSync, existsSync, fdatasync, fstatSync, ftruncateSync, openSync, renameSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Clock } from '../base/clock.js';
import { CdnError } from '../base/errors.js';
import type { Random } from '../base/random.js';
import type { ByteRange } from '../net/http/range.js';
import { overlap } from './byte-set.js';
import { formatHead, formatNote, type JournalHead } from './journal.js';
import { claimLeftover, placeJournal, type Claim, type Claimed } from './leftover.js';
import { beside, moveToNew, syncFolder } from './naming.js';
import { currentBoot, thisOwner } from './owner.js';
import type { Target } from './target.js';
import { canBeContinued, type Version } from './version.js';
import { diskError, type Kept, type Leftover, type Sink } from './writing.js';

const datasync = promisify(fdatasync);

/** Noted at most this often, and written down for good (synced) at most that often. */
const NOTE_MS = 200;
const SYNC_MS = 5000;
/** A longer journal is written anew. */
const MAX_JOURNAL_OCTETS = 65_536;
/** Of what can't be continued. */
const UNKNOWN: Version = { etag: undefined, length: undefined, sha256: undefined };

export interface PartFileOptions {
  /** What the bytes are of: an ETag means something for one URL only. */
  readonly url: string;
  /** Where in the representation the file begins. */
  readonly offset: number;
  /** What an earlier run left is of no use. */
  readonly anew: boolean;
  /** It is on the disk for good, its name too, before `commit` resolves: for those who can't lose it to a power failure. */
  readonly fsync?: boolean;
}

/** An earlier run's bytes of another URL, or of another part, are of use only when a digest tells what they are. */
function usable(claimed: Claimed, options: PartFileOptions): (Leftover & { readonly version: Version }) | undefined {
  const { head } = claimed.journal;
  if (options.anew || head.offset !== options.offset) return undefined;
  const version: Version = head.url === options.url ? head.version : { ...head.version, etag: undefined };
  return canBeContinued(version) && claimed.have.length > 0 ? { version, have: claimed.have } : undefined;
}

/** @throws CdnError DISK_WRITE */
export function openPartFile(target: Target & { kind: 'file' }, options: PartFileOptions, env: { clock: Clock; random: Random }): Sink {
  const { clock, random } = env;
  const journalFile = beside(target.path, '.part.journal');
  const part = beside(target.path, `.${Buffer.from(random.bytes(4)).toString('hex')}.part`);
  // Of most files nothing is left, and nothing is moved to find that out.
  const claim: Claim = existsSync(journalFile) ? claimLeftover(journalFile, part, `${part}.claim`) : { kind: 'none' };
  const leftover = claim.kind === 'claimed' ? usable(claim.claimed, options) : undefined;
  const boot = currentBoot();
  const fd = open();
  /** Whether the journal there is ours. */
  let journalled = false;
  let head: JournalHead | undefined = leftover === undefined ? undefined : headOf(leftover.version);
  let journalOctets = 0;
  // Of what an earlier run left unsynced nobody knows whether it is on the disk by now.
  let durable: readonly ByteRange[] = leftover === undefined || claim.kind !== 'claimed' ? [] : claim.claimed.journal.note.durable;
  let notedMs = clock.monotonic();
  let syncedMs = notedMs;
  let syncing: Promise<void> | undefined;
  let written = leftover !== undefined;
  let closed = false;
  // What was taken over is told of again at once: until then nobody would find it.
  if (leftover !== undefined) writeNote(leftover.have);

  function headOf(version: Version): JournalHead {
    return { url: options.url, data: path.basename(part), version, offset: options.offset, boot, owner: thisOwner() };
  }

  function open(): number {
    try {
      if (leftover !== undefined) return openSync(part, 'r+');
      if (claim.kind === 'claimed') rmSync(part, { force: true });
      return openSync(part, 'wx+');
    } catch (cause) {
      throw diskError(part, cause);
    }
  }

  function write(chunk: Uint8Array, at: number): void {
    try {
      for (let done = 0; done < chunk.length; ) done += writeSync(fd, chunk, done, chunk.length - done, at + done);
      written = true;
    } catch (cause) {
      throw diskError(target.path, cause);
    }
  }

  function journalText(have: readonly ByteRange[]): string {
    return head === undefined ? '' : formatHead(head) + formatNote({ have, durable });
  }

  /** A journal that can't be written makes a later run begin where the last one that could be says; it does not end this one. */
  function writeNote(have: readonly ByteRange[]): void {
    if (head === undefined || claim.kind === 'held') return;
    try {
      if (!journalled) {
        const text = journalText(have);
        journalled = placeJournal(journalFile, `${part}.claim`, text);
        journalOctets = text.length;
        return;
      }
      const line = formatNote({ have, durable });
      journalOctets += line.length;
      if (journalOctets <= MAX_JOURNAL_OCTETS) return appendFileSync(journalFile, line);
      replaceJournal(have);
    } catch {
      // Behind a line that is cut off nothing is believed: the next note is a journal of its own.
      journalOctets = MAX_JOURNAL_OCTETS;
    }
  }

  function replaceJournal(have: readonly ByteRange[]): void {
    const text = journalText(have);
    try {
      writeFileSync(`${part}.claim`, text);
      renameSync(`${part}.claim`, journalFile);
    } finally {
      rmSync(`${part}.claim`, { force: true });
    }
    journalOctets = text.length;
  }

  /** Before what the journal tells of is touched. Where that can't be written, the one there holds as long as its bytes stay. */
  function beginJournal(have: readonly ByteRange[]): void {
    if (!journalled) return;
    if (head === undefined) return dropJournal();
    try {
      replaceJournal(have);
    } catch {
      if (have.length === 0) dropJournal();
    }
  }

  function syncNow(have: readonly ByteRange[]): void {
    syncedMs = clock.monotonic();
    syncing = datasync(fd).then(() => void (durable = have), () => undefined).finally(() => (syncing = undefined));
  }

  function dropJournal(): void {
    if (journalled) rmSync(journalFile, { force: true });
    journalled = false;
  }

  function close(): void {
    closed = true;
    closeSync(fd);
  }

  /** Where the usual name is somebody's, the bytes keep the name they have. */
  function giveUsualName(as: 'part' | 'corrupt'): string {
    const usual = beside(target.path, `.${as}`);
    const other = as === 'part' ? part : part.replace(/part$/, as);
    for (const name of [usual, other]) {
      try {
        if (name !== part) moveToNew(part, name);
        return name;
      } catch {
        // That one is taken.
      }
    }
    return part;
  }

  /** Tells the next run of what is left, also where all that it can do with it is to remove it: nothing else says whose it is. False where an older word must do. */
  function leaveJournal(have: readonly ByteRange[]): boolean {
    head = { ...(head ?? headOf(UNKNOWN)), usual: !existsSync(beside(target.path, '.part')), owner: undefined };
    if (!journalled) writeNote(have);
    else {
      try {
        replaceJournal(have);
      } catch {
        return false;
      }
    }
    return journalled;
  }

  async function keep(as: 'part' | 'corrupt', have: readonly ByteRange[]): Promise<Kept | undefined> {
    await syncing;
    if (closed) return undefined;
    const synced = as === 'part' && written ? await datasync(fd).then(() => true, () => false) : false;
    close();
    if (!written) {
      dropJournal();
      rmSync(part, { force: true });
      return undefined;
    }
    if (synced) durable = have;
    const resumable = as === 'part' && head !== undefined && claim.kind !== 'held' && have.length > 0;
    const told = as === 'part' && claim.kind !== 'held' && leaveJournal(have);
    if (as === 'corrupt') dropJournal();
    // Without a journal that says so nobody would know whose a usual name is.
    const file = as === 'part' && !told ? part : giveUsualName(as);
    return { file, resumable: resumable && journalled };
  }

  return {
    file: target.path,
    fd,
    leftover,
    write,
    begin: (version, have, octets) => {
      durable = overlap(durable, have);
      head = canBeContinued(version) ? headOf(version) : undefined;
      beginJournal(have);
      try {
        // An earlier run may have been for more than this one.
        const most = have.length === 0 ? 0 : (octets ?? Infinity);
        if (fstatSync(fd).size > most) ftruncateSync(fd, most);
      } catch (cause) {
        throw diskError(target.path, cause);
      }
    },
    note: (have) => {
      const now = clock.monotonic();
      if (now - notedMs < NOTE_MS) return;
      notedMs = now;
      writeNote(have);
      if (journalled && syncing === undefined && now - syncedMs >= SYNC_MS) syncNow([...have]);
    },
    commit: async () => {
      try {
        await syncing;
        if (options.fsync === true) await datasync(fd);
        close();
        if (target.replace) renameSync(part, target.path);
        else moveToNew(part, target.path);
      } catch (cause) {
        if (!closed) close();
        dropJournal();
        giveUsualName('part');
        throw cause instanceof CdnError ? cause : diskError(target.path, cause);
      }
      if (options.fsync === true) await syncFolder(path.dirname(target.path));
      dropJournal();
    },
    keep,
  };
}
