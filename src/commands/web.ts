import { openCatalog } from '../app/catalog.js';
import { createWebCommandService } from '../app/web.js';
import { runUntilSignal } from '../app/service.js';
import { BaseCommand } from '../cli/base-command.js';
import { fieldFlag, readOptional } from '../cli/flags.js';
import { DEFAULTS, FIELDS } from '../config/index.js';

const LISTEN = FIELDS.listen(DEFAULTS.portal);

export default class Web extends BaseCommand {
  static override summary = 'run the portal, www.hiscinema.com';
  static override description =
    'Serves the index, a page for each title, and the catalog as JSON. In relay mode (the default) the portal fetches a video through DNS and HTTP as a client would, and the browser plays it while it is still arriving. In direct mode the page plays from the store that DNS picks.';
  static override examples = [
    { description: 'the portal of the demo, on http://127.0.0.1:40720/', command: '<%= config.bin %> <%= command.id %>' },
    { description: 'let browsers play straight from the stores', command: '<%= config.bin %> <%= command.id %> --mode direct' },
    { description: 'your own films (give the same folder to the store and the DNS)', command: '<%= config.bin %> <%= command.id %> --dir ~/films' },
  ];
  static override flags = {
    listen: fieldFlag(LISTEN, { defaultText: '127.0.0.1:40720' }),
    dns: fieldFlag(FIELDS.dns, { defaultText: '127.0.0.1:40722' }),
    dir: fieldFlag(FIELDS.dir, { defaultText: 'the five clips that come with cdn' }),
    mode: fieldFlag(FIELDS.mode, { defaultText: 'relay' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(Web);
    const env = await this.createEnv(flags);
    const options = {
      listen: readOptional('listen', LISTEN, flags.listen) ?? DEFAULTS.portal,
      dns: readOptional('dns', FIELDS.dns, flags.dns) ?? DEFAULTS.localDns,
      mode: readOptional('mode', FIELDS.mode, flags.mode) ?? 'relay',
      catalog: await openCatalog(readOptional('dir', FIELDS.dir, flags.dir) ?? DEFAULTS.dir, env),
      defaultStorePort: DEFAULTS.store.port,
      timeoutMs: DEFAULTS.timeoutMs,
    };
    await runUntilSignal(createWebCommandService(options, env), { graceMs: DEFAULTS.graceMs }, env);
  }
}
