// How a fetch looks: its story, its one-line result, and the standard output as a sink.

import path from 'node:path';
import type { Log, LogFacts } from '../observe/log.js';
import { CdnError, messageOf, systemCode } from '../base/errors.js';
import { shellWord } from '../base/printable.js';
import { formatBytes, formatDuration, formatRate } from '../base/units.js';
import { formatEndpoint } from '../net/address.js';
import { formatStory, isTurn, turnWords, type FetchEvent, type FetchOutput, type FetchReport, type StoryMessage } from '../fetch/index.js';

/** One message of the story, in one line that begins with its number. */
export function storyLine(message: StoryMessage): string {
  return formatStory([message])[0] ?? '';
}

const INDENT = '    ';

function wrapWords(line: string, columns: number): readonly string[] {
  const lines: string[] = [];
  let current = '';
  for (const word of line.split(/(?<= )(?=\S)/)) {
    if (current.trim() !== '' && (current + word).trimEnd().length > columns) {
      lines.push(current.trimEnd());
      current = INDENT;
    }
    current += word;
  }
  return [...lines, current.trimEnd()];
}

/**
 * A line too long for the terminal is broken between words, its rest set in; a message of the story
 * first between who speaks to whom and what is said. Columns 0: never.
 */
export function wrapLine(line: string, columns: number): string {
  if (columns <= 20 || line.length <= columns) return line;
  const columnsOfStory = /^(\d+\. +\S.*?) {2,}(\S.*)$/.exec(line);
  const parts = columnsOfStory === null ? [line] : [columnsOfStory[1] ?? '', INDENT + (columnsOfStory[2] ?? '')];
  return parts.flatMap((part) => wrapWords(part, columns)).join('\n');
}

/** The same for whatever is printed on this terminal; a pipe gets whole lines. */
export function forTerminal(line: string): string {
  return wrapLine(line, process.stdout.isTTY ? process.stdout.columns : 0);
}

export interface Teller {
  message(message: StoryMessage): void;
  line(line: string): void;
  /** What went otherwise than it should, and what was done about it. */
  turn(event: FetchEvent): void;
  result(report: FetchReport): void;
}

/**
 * Where a fetch tells what it found: to the standard output, unless the file itself goes there; as
 * lines of the log where that is for machines.
 */
export function createTeller(options: { logJson: boolean; toStderr: boolean; log: Log; print(line: string): void }): Teller {
  const tell = (line: string, facts: LogFacts): void => {
    if (options.logJson || options.toStderr) options.log.info(line, facts);
    else options.print(forTerminal(line));
  };
  return {
    message: (message) => tell(storyLine(message), { ...message }),
    line: (line) => tell(line, {}),
    turn: (event) => {
      const line = turnText(event);
      if (line !== undefined) options.log.warn(line, { ...event });
    },
    result: (report) => {
      const { messages, ...facts } = report;
      tell(fetchSummary(report), { ...facts, messages: messages.length });
    },
  };
}

/** One line for a turn in the transfer, and for what lies beside it; undefined for what is its usual way. */
export function turnText(event: FetchEvent): string | undefined {
  if (isTurn(event)) return turnWords(event);
  if (event.kind === 'unbounded') return 'Nothing says whether that was all: the server gave no length, and closed the connection; --checksum sha256:… would tell';
  if (event.kind !== 'orphans') return undefined;
  const names = event.orphans.map(({ file }) => shellWord(shortest(file)));
  return `Left by runs that were killed before they could note what they had, nothing goes on from it: ${names.join(', ')} (${formatBytes(event.orphans.reduce((sum, { bytes }) => sum + bytes, 0))}). To remove it: rm ${names.join(' ')}`;
}

/** "video1.mp4: 912 kB in 35 ms (26 MB/s), 61 ms in all, SHA-256 verified, from 127.0.0.1:40721": size, time and rate are of one transfer. */
export function fetchSummary(report: FetchReport): string {
  const digest = { verified: 'SHA-256 verified', 'not promised': 'SHA-256 not promised by the store, so not verified', unreadable: 'SHA-256 promised unreadably, so not verified', 'of the whole': 'SHA-256 promised of the whole only, so this part is not verified' }[report.digest];
  const name = report.file === undefined ? 'standard output' : shortest(report.file);
  const stores = (report.stores.length > 0 ? report.stores : [report.store]).map((store) => formatEndpoint(store)).join(' and ');
  const came = report.resumedBytes > 0 ? `${formatBytes(report.bytes)} (${formatBytes(report.resumedBytes)} of it from an earlier run), ${formatBytes(report.bytes - report.resumedBytes)}` : formatBytes(report.bytes);
  return `${name}: ${came} in ${formatDuration(report.transferMs)} (${formatRate(report.rateBytesPerSecond)}), ${formatDuration(report.durationMs)} in all, ${digest}, from ${stores}`;
}

/** As seen from this folder, where that is shorter. */
function shortest(file: string): string {
  const relative = path.relative(process.cwd(), file);
  return relative.length < file.length ? relative : file;
}

function cannotWrite(error: unknown): CdnError {
  const why = systemCode(error) === 'EPIPE' ? 'its reader has left' : systemCode(error) === 'ENOSPC' ? 'no space is left' : messageOf(error);
  return new CdnError('DISK_WRITE', `cannot write to the standard output: ${why}`, { cause: error });
}

/** Each chunk waits until the system has taken the one before. A reader that leaves ends the fetch. */
export function stdoutSink(stream: NodeJS.WriteStream = process.stdout): FetchOutput {
  // The write below tells the same error. The listener that oclif has put there would throw it a
  // second time, with nobody to catch it; none at all would end the process.
  stream.removeAllListeners('error');
  stream.on('error', () => undefined);
  return {
    kind: 'stdout',
    write: (chunk) =>
      new Promise((resolve, reject) => {
        const done = (error?: Error | null): void => {
          if (error) reject(cannotWrite(error));
          else resolve();
        };
        try {
          stream.write(chunk, done);
        } catch (error) {
          // A file behind the standard output is written to at once, and throws at once.
          reject(cannotWrite(error));
        }
      }),
  };
}
