// The access log of a server: lines of net/http, in a file that observe writes.

import { CdnError, messageOf } from '../base/errors.js';
import { createAccessLog, type AccessLog, type AccessLogFormat } from '../net/http/access-log.js';
import type { Metric } from '../observe/exposition.js';
import { createLineFile, type LineFile } from '../observe/line-file.js';
import type { Env } from './env.js';

export interface AccessLogOptions {
  /** "-": standard output. */
  readonly file: string;
  readonly format: AccessLogFormat;
}

export interface AccessLogFile extends Pick<LineFile, 'stop' | 'reopen' | 'write'> {
  readonly log: AccessLog;
  metrics(): readonly Metric[];
  /** @throws CdnError DISK_WRITE */
  start(): Promise<void>;
}

export function createAccessLogFile({ file, format }: AccessLogOptions, env: Pick<Env, 'clock' | 'log'>): AccessLogFile {
  const lines = createLineFile({ path: file === '-' ? undefined : file }, env);
  return {
    log: createAccessLog(format, lines.write, env.clock),
    metrics: () => [{ name: 'cdn_access_log_dropped_total', type: 'counter', help: 'Lines of the access log that are in no file, for the disk was full or nobody read them.', samples: [{ value: lines.dropped }] }],
    start: async () => {
      try {
        await lines.start();
      } catch (cause) {
        throw new CdnError('DISK_WRITE', `cannot open the access log ${file}: ${messageOf(cause)}`, { details: { file }, suggestions: ['name another file with --access-log FILE, or "-" for standard output'], cause });
      }
    },
    stop: lines.stop,
    write: lines.write,
    reopen: lines.reopen,
  };
}
