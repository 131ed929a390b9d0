import { Args, Flags } from '@oclif/core';
import { CdnError } from '../base/errors.js';
import { formatDuration } from '../base/units.js';
import { shellWord } from '../base/printable.js';
import { untilSignal } from '../app/service.js';
import { runTrace } from '../app/trace.js';
import { BaseCommand } from '../cli/base-command.js';
import { createExplaining, EXPLAIN_FLAGS, readExplain, withExplain } from '../cli/explain-output.js';
import { fieldFlag, readOptional } from '../cli/flags.js';
import { createTeller } from '../cli/fetch-output.js';
import { DEFAULTS, FIELDS } from '../config/index.js';
import { parseTraceName, type TraceReport } from '../fetch/index.js';
import { formatEndpoint } from '../net/address.js';
import { parseType } from '../net/dns/text.js';

const count = (records: number): string => (records === 1 ? '1 record' : `${records} records`);

export default class Trace extends BaseCommand {
  static override summary = 'ask DNS for a name, and tell which way the answer came';
  static override description =
    "One question to the local DNS, which tells what it asked of the authorities for it, and what its cache had. Another resolver tells nothing of that: the story then says where sight ends. Exit status: 0 answered, 2 usage, 3 no such name, or no such record, 4 DNS does not answer, or says that it failed.";
  static override examples = [
    { description: 'the way to a store', command: '<%= config.bin %> <%= command.id %> file1.hiscinema.com' },
    { description: 'another type, of another resolver', command: '<%= config.bin %> <%= command.id %> example.org --type MX --dns 192.0.2.53:53' },
    { description: 'for Wireshark', command: '<%= config.bin %> <%= command.id %> file1.hiscinema.com --explain=pcap --explain-file trace.pcapng' },
  ];
  static override enableJsonFlag = true;
  static override args = { name: Args.string({ required: true, description: 'a domain name' }) };
  static override flags = {
    type: fieldFlag(FIELDS.queryType, { defaultText: 'A' }),
    dns: fieldFlag(FIELDS.dns, { defaultText: '127.0.0.1:40722' }),
    ...EXPLAIN_FLAGS,
    force: Flags.boolean({ summary: 'replace an --explain-file that is there already' }),
  };

  async run(): Promise<TraceReport> {
    const { args, flags } = await this.parse(Trace, withExplain(this.argv));
    const name = parseTraceName(args.name);
    const word = readOptional('type', FIELDS.queryType, flags.type) ?? 'A';
    const type = parseType(word);
    if (type === undefined) throw new CdnError('USAGE', `--type: ${word} is no record type`, { suggestions: [`cdn trace ${shellWord(args.name)} --type TYPE65280`] });
    const dns = readOptional('dns', FIELDS.dns, flags.dns) ?? DEFAULTS.localDns;
    const json = this.jsonEnabled();
    const explain = await readExplain({ ...flags, explain: flags.explain ?? 'text' }, { taken: json ? '--json' : undefined, force: flags.force, command: `cdn trace ${shellWord(args.name)}` });
    const env = await this.createEnv(flags);
    const aside = explain !== undefined && !explain.live && explain.file === undefined;
    const tell = createTeller({ logJson: flags['log-format'] === 'json', toStderr: aside, log: env.log, print: (line) => this.log(line) });
    const explaining = createExplaining(explain, `${word} ${args.name}`, { ...tell, note: (line) => env.log.info(line) });
    const { signal, release } = untilSignal(() => env.restoreTerminal());
    try {
      const report = await runTrace({ dns, systemResolver: false, timeoutMs: DEFAULTS.timeoutMs }, { name, type }, (event) => explaining.hear(event), signal, env);
      await explaining.end({ answered: report });
      if (!flags.quiet) tell.line(`${report.type} ${args.name}: ${count(report.records.length)} in ${formatDuration(report.durationMs)}, from ${formatEndpoint(dns)}`);
      return report;
    } catch (error) {
      await explaining.end({ error });
      throw error;
    } finally {
      release();
    }
  }
}
