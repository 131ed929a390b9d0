// Zone files that are served and may change: each zone is exchanged whole when its file, or one that it
// includes, has changed and can be read; a broken one leaves the zone as it was.

import { stat } from 'node:fs/promises';
import type { Clock, Stop } from '../base/clock.js';
import { CdnError, messageOf } from '../base/errors.js';
import type { Log } from '../observe/log.js';
import { createZoneSet, type ZoneSet } from './authoritative.js';
import { loadZone } from './zone-load.js';
import { plain } from './words.js';

export interface ZoneFiles {
  readonly set: ZoneSet;
  /** Reads all of them again, changed or not. Never rejects: the log says what came of each. */
  reload(): Promise<void>;
  /** Looks every second or so whether a file has changed, until stopped. */
  watch(): Stop;
}

interface Watched {
  readonly file: string;
  apex: string;
  /** All files that its last reading has opened, whether it came to a zone or not. */
  files: readonly string[];
  /** What those were like when they were read. */
  read: string;
  /** What they were like at the last look. */
  seen: string;
}

const LOOK_MS = 1000;

/** @throws CdnError USAGE for the first file that is no zone, or two that are the same one. */
export async function openZoneFiles(files: readonly string[], env: { readonly clock: Clock; readonly log: Log }): Promise<ZoneFiles> {
  const set = createZoneSet([]);
  const watched: Watched[] = [];
  for (const file of files) {
    const opened: string[] = [];
    const { zone, warnings } = await loadZone(file, env, (name) => opened.push(name));
    tellWarnings(file, warnings, env.log);
    const apex = zone.apex.key;
    const other = watched.find((entry) => entry.apex === apex);
    if (other) throw new CdnError('USAGE', `${other.file} and ${file} are both the zone ${zone.apex.toString()}`, { details: { files: [other.file, file] }, suggestions: ['give each zone once with --zone FILE'] });
    set.swap(zone);
    const state = await describe(opened);
    watched.push({ file, apex, files: opened, read: state, seen: state });
  }

  const load = async (entry: Watched): Promise<void> => {
    const opened: string[] = [];
    try {
      const { zone, warnings } = await loadZone(entry.file, env, (name) => opened.push(name));
      if (zone.apex.key !== entry.apex) throw new CdnError('USAGE', `the zone file ${entry.file} is now of ${zone.apex.toString()}: another zone needs a start of its own`);
      set.swap(zone);
      tellWarnings(entry.file, warnings, env.log);
      env.log.info(`Zone ${plain(zone.apex)} loaded again from ${entry.file}: serial ${zone.soa.data.serial}, ${zone.nodes.size} names`, { zone: zone.apex.toString(), file: entry.file, serial: zone.soa.data.serial });
    } catch (error) {
      env.log.error(`${messageOf(error)}\nThe zone is served as it was before`, { file: entry.file, ...(error instanceof CdnError && { ...error.details }) });
    }
    entry.files = opened;
  };
  /** Files that change while they are read are found changed, and read again. */
  const reload = async (entry: Watched): Promise<void> => {
    const before = await describe(entry.files);
    const filesBefore = entry.files.join('\n');
    await load(entry);
    entry.seen = entry.read = entry.files.join('\n') === filesBefore ? before : await describe(entry.files);
  };
  // One reading after the other: a large zone is not in memory three times.
  let queue: Promise<void> = Promise.resolve();
  const inTurn = (work: () => Promise<void>): Promise<void> => (queue = queue.then(work));

  const look = async (): Promise<void> => {
    for (const entry of watched) {
      const now = await describe(entry.files);
      // A file that still changes is still being written.
      const settled = now === entry.seen;
      entry.seen = now;
      if (!settled || now === entry.read) continue;
      await reload(entry);
    }
  };
  return {
    set,
    reload: () =>
      inTurn(async () => {
        for (const entry of watched) await reload(entry);
      }),
    watch: () => {
      let stopped = false;
      let stop: Stop = () => undefined;
      const next = (): void => {
        if (!stopped) stop = env.clock.after(LOOK_MS, () => void inTurn(look).then(next));
      };
      next();
      return () => {
        stopped = true;
        stop();
      };
    },
  };
}

function tellWarnings(file: string, warnings: readonly string[], log: Log): void {
  if (warnings.length > 0) log.warn(`the zone file ${file} is served, but not all is well with it:\n${warnings.join('\n')}`, { file, warnings });
}

/** What files are like: different when one was written, replaced or removed. */
async function describe(files: readonly string[]): Promise<string> {
  const each = files.map(async (file) => {
    try {
      const { ino, size, mtimeMs } = await stat(file);
      return `${file} ${ino} ${size} ${mtimeMs}`;
    } catch {
      return `${file} is not there`;
    }
  });
  return (await Promise.all(each)).join('\n');
}
