import { Args } from '@oclif/core';
import { requestStanding } from '../app/admin.js';
import { untilSignal } from '../app/service.js';
import { DOOR_FLAGS, readDoor } from '../cli/admin-flags.js';
import { BaseCommand } from '../cli/base-command.js';
import { standingLines } from '../cli/standing-output.js';
import type { Standing } from '../store/index.js';

export default class Why extends BaseCommand {
  static override summary = 'ask an edge what it has of a URL, and why';
  static override description =
    'Asks the admin listener of a running edge: is the object here, in which tier, how fresh and by which rule, how often it was served from here; and if it is gone, who took it away. Asking counts as no use of it. Exit status: 0 answered, also when it is not here, 2 usage, 4 no edge there, or it refuses.';
  static override examples = [
    { description: 'an object of the edge on this machine', command: '<%= config.bin %> <%= command.id %> /video1' },
    { description: 'for a script', command: '<%= config.bin %> <%= command.id %> http://127.0.0.3:40721/video1 --json' },
  ];
  static override enableJsonFlag = true;
  static override args = { url: Args.string({ required: true, description: 'a path and query, or an http or https URL, whatever its host' }) };
  static override flags = { ...DOOR_FLAGS };

  async run(): Promise<Standing> {
    const { args, flags } = await this.parse(Why);
    const door = await readDoor(flags);
    const env = await this.createEnv(flags);
    const { signal, release } = untilSignal(() => env.restoreTerminal());
    try {
      const standing = await requestStanding(door, args.url, signal, env);
      for (const line of standingLines(standing)) this.log(line);
      return standing;
    } finally {
      release();
    }
  }
}
