import { Args } from '@oclif/core';
import { untilSignal } from '../app/service.js';
import { warmAll } from '../app/warm.js';
import { CdnError } from '../base/errors.js';
import { printable } from '../base/printable.js';
import { DOOR_FLAGS, readDoor } from '../cli/admin-flags.js';
import { BaseCommand } from '../cli/base-command.js';
import { readTargets } from '../cli/fetch-targets.js';
import { fieldFlag, fieldRepeatFlag, readList, readOptional } from '../cli/flags.js';
import { isWarm, warmedLine, warmedSummary } from '../cli/warm-output.js';
import { FETCH_FIELDS, WARM_FIELDS } from '../config/index.js';
import type { Warmed } from '../store/index.js';

const AT_A_TIME = 4;

export default class Warm extends BaseCommand {
  static override summary = 'fill an edge with objects before anybody asks for them';
  static override description =
    'Asks the admin listener of a running edge (cdn store --origin URL --admin ADDR:PORT) to pull each object through, whole, and to keep it: in memory, and on disk where it has a folder. The octets go from the origin to the edge, not to here. It says of each whether it was here, is stored now, or why not. With tiers, warming an edge warms its shield. Exit status: 0 all are warm, 2 usage, 4 one is not, or there is no edge.';
  static override examples = [
    { description: 'two objects', command: '<%= config.bin %> <%= command.id %> /video1 /video2' },
    { description: 'a list, eight at a time', command: '<%= config.bin %> <%= command.id %> --input-file urls.txt --parallel-max 8' },
    { description: 'what a program prints, of an edge elsewhere', command: "jq -r '.[].url' catalog.json | <%= config.bin %> <%= command.id %> --input-file - --admin 192.0.2.7:40727 --admin-token-file admin.token" },
    { description: 'the variant that browsers get', command: "<%= config.bin %> <%= command.id %> /list.json --header 'Accept-Encoding: gzip, deflate, br, zstd'" },
  ];
  static override enableJsonFlag = true;
  static override args = { url: Args.string({ multiple: true, description: 'a path and query, or an http or https URL, whatever its host' }) };
  static override flags = {
    'input-file': fieldFlag(FETCH_FIELDS.inputFile, { summary: 'warm what this file lists, a URL a line; - is the standard input' }),
    'parallel-max': fieldFlag(FETCH_FIELDS.parallelMax, { summary: 'how many objects at a time', defaultText: String(AT_A_TIME) }),
    header: fieldRepeatFlag(WARM_FIELDS.header),
    ...DOOR_FLAGS,
  };

  async run(): Promise<{ readonly objects: readonly Warmed[] }> {
    const { args, flags } = await this.parse(Warm);
    const urls = [...new Set([...(args.url ?? []), ...readTargets(readOptional('input-file', FETCH_FIELDS.inputFile, flags['input-file']))])];
    if (urls.length === 0) throw new CdnError('USAGE', 'say what to warm: URLs, or --input-file FILE', { suggestions: ['cdn warm /video1', 'cdn warm --help'] });
    const wrong = urls.find((url) => !/^(?:\/|https?:\/\/)/i.test(url));
    if (wrong !== undefined) throw new CdnError('USAGE', `${JSON.stringify(printable(wrong))} is no path that begins with "/", and no http or https URL`, { suggestions: ['cdn warm --help'] });
    const fields = Object.fromEntries((readList('header', WARM_FIELDS.header, flags.header) ?? []).map(({ name, value }) => [name, value]));
    const atATime = readOptional('parallel-max', FETCH_FIELDS.parallelMax, flags['parallel-max']) ?? AT_A_TIME;
    const door = await readDoor(flags);
    const env = await this.createEnv(flags);
    const { signal, release } = untilSignal(() => env.restoreTerminal());
    try {
      const objects = await warmAll(door, { urls, fields, atATime }, (warmed, url) => {
        if (!flags.quiet || !isWarm(warmed)) this.log(warmedLine(warmed, url));
      }, signal, env);
      if (!flags.quiet && objects.length > 1) this.log(warmedSummary(objects));
      const cold = objects.filter((object) => !isWarm(object)).length;
      // Each of them was told when it was tried.
      if (cold > 0) this.endWith(new CdnError('PEER_REFUSED', `${cold} of ${objects.length} are not warm`));
      return { objects };
    } finally {
      release();
    }
  }
}
