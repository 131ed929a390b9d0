// Zone files that are served and may change: each zone is exchanged whole when its file, or one that it
// includes, has changed and can be read; a broken one leaves the zone as it was.

import type { Clock, Stop } from '../base/clock.js';
import { CdnError, messageOf } from '../base/errors.js';
import { openFileState, repeat, type FileState } from '../base/file-state.js';
import { createTurns, joinWaiting } from '../base/turns.js';
import type { Log } from '../observe/log.js';
import { createZoneSet, type ZoneSet } from './authoritative.js';
import { loadZone } from './zone-load.js';
import { plain } from './words.js';
import type { Zone } from './zone.js';

export interface ZoneFiles {
  /** Empty where somebody else takes the zones. */
  readonly set: ZoneSet;
  /** Reads all of them again, changed or not; once for all who ask before it has begun. Never rejects: the log says what came of each. */
  reload(): Promise<void>;
  /** Looks every second or so whether a file has changed, until stopped. */
  watch(): Stop;
}

interface Watched {
  readonly file: string;
  readonly apex: string;
  /** Of all files that its last reading has opened, whether it came to a zone or not. */
  state: FileState;
}

const LOOK_MS = 1000;

/** What becomes of a zone that has been read: it is served when this is done, for the first time or in place of the one before. */
export type TakeZone = (zone: Zone) => void | Promise<void>;

/** `take`: who serves them, if not the set. @throws CdnError USAGE for the first file that is no zone, or two that are the same one. */
export async function openZoneFiles(files: readonly string[], env: { readonly clock: Clock; readonly log: Log }, take?: TakeZone): Promise<ZoneFiles> {
  const set = createZoneSet([]);
  const serve: TakeZone = take ?? ((zone) => set.swap(zone));
  const watched: Watched[] = [];
  for (const file of files) {
    const opened: string[] = [];
    const { zone, warnings } = await loadZone(file, env, (name) => opened.push(name));
    tellWarnings(file, warnings, env.log);
    const apex = zone.apex.key;
    const other = watched.find((entry) => entry.apex === apex);
    if (other) throw new CdnError('USAGE', `${other.file} and ${file} are both the zone ${zone.apex.toString()}`, { details: { files: [other.file, file] }, suggestions: ['give each zone once with --zone FILE'] });
    await serve(zone);
    watched.push({ file, apex, state: await openFileState(opened) });
  }

  /** The files that were opened. */
  const load = async ({ file, apex }: Watched): Promise<readonly string[]> => {
    const opened: string[] = [];
    try {
      const { zone, warnings } = await loadZone(file, env, (name) => opened.push(name));
      if (zone.apex.key !== apex) throw new CdnError('USAGE', `the zone file ${file} is now of ${zone.apex.toString()}: another zone needs a start of its own`);
      await serve(zone);
      tellWarnings(file, warnings, env.log);
      env.log.info(`Zone ${plain(zone.apex)} loaded again from ${file}: serial ${zone.soa.data.serial}, ${zone.nodes.size} names`, { zone: zone.apex.toString(), file, serial: zone.soa.data.serial });
    } catch (error) {
      env.log.error(`${messageOf(error)}\nThe zone is served as it was before`, { file, ...(error instanceof CdnError && { ...error.details }) });
    }
    return opened;
  };
  const reload = async (entry: Watched): Promise<void> => {
    const before = await openFileState(entry.state.files);
    const opened = await load(entry);
    entry.state = opened.join('\n') === before.files.join('\n') ? before : await openFileState(opened);
  };
  // One reading after the other: a large zone is not in memory three times.
  const inTurn = createTurns();

  return {
    set,
    reload: joinWaiting(inTurn, async () => {
      for (const entry of watched) await reload(entry);
    }),
    watch: () =>
      repeat(LOOK_MS, () => inTurn(async () => {
        for (const entry of watched) if (await entry.state.hasChanged()) await reload(entry);
      }), env),
  };
}

function tellWarnings(file: string, warnings: readonly string[], log: Log): void {
  if (warnings.length > 0) log.warn(`the zone file ${file} is served, but not all is well with it:\n${warnings.join('\n')}`, { file, warnings });
}
