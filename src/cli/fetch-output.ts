// How a fetch looks: its story, its one-line result, and the standard output as a sink.

import path from 'node:path';
import { CdnError, systemCode } from '../base/errors.js';
import { formatBytes, formatDuration, formatRate } from '../base/units.js';
import { formatStory, type FetchOutput, type FetchReport, type StoryMessage } from '../fetch/index.js';

export function storyLines(messages: readonly StoryMessage[]): readonly string[] {
  return formatStory(messages);
}

/** "video1.mp4: 912 kB in 35 ms (26 MB/s), SHA-256 verified, from 127.0.0.1:40721". */
export function fetchSummary(report: FetchReport): string {
  const digest = report.digest === 'verified' ? 'SHA-256 verified' : 'SHA-256 not promised by the store, so not verified';
  const name = report.file === undefined ? 'standard output' : shortest(report.file);
  const store = report.store.address.includes(':') ? `[${report.store.address}]` : report.store.address;
  return `${name}: ${formatBytes(report.bytes)} in ${formatDuration(report.durationMs)} (${formatRate(report.rateBytesPerSecond)}), ${digest}, from ${store}:${report.store.port}`;
}

/** As seen from this folder, where that is shorter. */
function shortest(file: string): string {
  const relative = path.relative(process.cwd(), file);
  return relative.length < file.length ? relative : file;
}

/** Each chunk waits until the system has taken the one before. A reader that leaves ends the fetch. */
export function stdoutSink(stream: NodeJS.WriteStream = process.stdout): FetchOutput {
  // The write below tells the same error; without a listener the event would end the process.
  stream.on('error', () => undefined);
  return {
    kind: 'stdout',
    write: (chunk) =>
      new Promise((resolve, reject) => {
        stream.write(chunk, (error) => {
          if (error) reject(new CdnError('DISK_WRITE', `cannot write to the standard output: ${systemCode(error) === 'EPIPE' ? 'its reader has left' : error.message}`, { cause: error }));
          else resolve();
        });
      }),
  };
}
