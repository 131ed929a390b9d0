import { Args, Flags } from '@oclif/core';
import { requestPurge, type PurgeWish, type Purged } from '../app/admin.js';
import { untilSignal } from '../app/service.js';
import { CdnError } from '../base/errors.js';
import { printable, shellWord } from '../base/printable.js';
import { DOOR_FLAGS, readDoor } from '../cli/admin-flags.js';
import { BaseCommand } from '../cli/base-command.js';

const listFlag = (summary: string, helpValue: string) => Flags.string({ summary, helpValue, multiple: true, multipleNonGreedy: true });

/** Elsewhere a * may stand for anything. Here it is a character of a URL (RFC 3986 §2.2), and purging more than was meant can't be undone. */
function wildcardHint({ by, what }: Purged): string {
  return `note: * is no wildcard, and nothing has it in its ${by === 'url' ? 'URL' : 'path'}: for all that begins with ${printable(what.replace(/\*.*/s, ''))}, cdn purge --prefix ${shellWord(printable(what.replace(/\*.*/s, '')))}`;
}

export default class Purge extends BaseCommand {
  static override summary = 'take objects out of an edge, or make them stale';
  static override description =
    'Asks the admin listener of a running edge (cdn store --origin URL --admin ADDR:PORT). A URL is one object with all its variants, query included; whatever its host. When the command ends, nothing purged is served any more: no slice in memory or on disk, nothing that was on its way, also after a restart. With --soft it is kept and stale: served only as stale-while-revalidate and stale-if-error allow, and validated. Exit status: 0 purged, also when there was nothing, 2 usage, 4 no edge there, or it refuses.';
  static override examples = [
    { description: 'one object', command: '<%= config.bin %> <%= command.id %> /video1' },
    { description: 'all below a folder', command: '<%= config.bin %> <%= command.id %> --prefix /films/' },
    { description: 'whatever the origin gave this Surrogate-Key or Cache-Tag, and gently', command: '<%= config.bin %> <%= command.id %> --tag film-1 --soft' },
    { description: 'of an edge elsewhere', command: '<%= config.bin %> <%= command.id %> http://cdn.example/video1 --admin 192.0.2.7:40727 --admin-token-file admin.token' },
  ];
  static override enableJsonFlag = true;
  static override args = { url: Args.string({ multiple: true, description: 'a path and query, or an http or https URL, whatever its host' }) };
  static override flags = {
    prefix: listFlag('whatever begins with this path; / is all there is (repeatable)', 'PREFIX'),
    tag: listFlag('whatever has this tag, by Surrogate-Key or Cache-Tag (repeatable)', 'TAG'),
    soft: Flags.boolean({ summary: 'only make it stale', default: false }),
    ...DOOR_FLAGS,
  };

  async run(): Promise<{ readonly purges: readonly Purged[] }> {
    const { args, flags } = await this.parse(Purge);
    const { soft } = flags;
    const wishes: readonly PurgeWish[] = [
      ...(args.url ?? []).map((what) => ({ by: 'url', what, soft }) as const),
      ...(flags.prefix ?? []).map((what) => ({ by: 'prefix', what, soft }) as const),
      ...(flags.tag ?? []).map((what) => ({ by: 'tag', what, soft }) as const),
    ];
    if (wishes.length === 0) throw new CdnError('USAGE', 'say what to purge: URLs, --prefix PREFIX or --tag TAG', { suggestions: ['cdn purge /video1', 'cdn purge --help'] });
    // All or nothing, as far as one can tell before asking.
    const wrong = wishes.find(({ by, what }) => by !== 'tag' && !/^(?:\/|https?:\/\/)/i.test(what));
    if (wrong) throw new CdnError('USAGE', `${JSON.stringify(printable(wrong.what))} is no path that begins with "/", and no http or https URL`, { suggestions: ['cdn purge --help'] });
    const door = await readDoor(flags);
    const env = await this.createEnv(flags);
    const { signal, release } = untilSignal(() => env.restoreTerminal());
    const purges: Purged[] = [];
    try {
      for (const wish of wishes) {
        const done = await requestPurge(door, wish, signal, env);
        purges.push(done);
        if (done.purged === 0 && done.by !== 'tag' && done.what.includes('*')) this.logToStderr(wildcardHint(done));
        if (!flags.quiet) this.log(`${done.by} ${printable(done.what)}: ${done.purged} ${done.purged === 1 ? 'object' : 'objects'} ${soft ? 'made stale' : 'purged'}`);
      }
      return { purges };
    } finally {
      release();
    }
  }
}
