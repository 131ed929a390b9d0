// A Log for machines: the same facts as the transcript, one JSON object a line.

import { pino } from 'pino';
import { createLog, type Log, type LogLevel } from '../observe/log.js';
import type { Terminal } from './terminal.js';

/** Each line holds time (RFC 3339), level, party, the facts, and msg. */
export function createJsonLog(terminal: Terminal, level: LogLevel): Log {
  const logger = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (name) => ({ level: name }) },
    },
    { write: (line: string) => terminal.writeLine(line.trimEnd()) },
  );
  return createLog((line) => {
    logger[line.level]({ ...(line.party === undefined ? {} : { party: line.party }), ...line.facts }, line.message.trim());
  }, level);
}
