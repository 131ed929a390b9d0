// What the parties have to say. A line is a sentence for people and the same facts for machines;
// which of the two is written is decided once, by whoever made the Log.

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
export type LogFacts = Readonly<Record<string, unknown>>;

export interface Log {
  debug(message: string, facts?: LogFacts): void;
  info(message: string, facts?: LogFacts): void;
  warn(message: string, facts?: LogFacts): void;
  error(message: string, facts?: LogFacts): void;
  /** Whether a line of this level is written at all: facts of one that isn't need not be gathered. */
  wants(level: LogLevel): boolean;
  /** The same log, each line labelled with this party (`web`, `dns`, `store-1` …). */
  as(party: string): Log;
}

export interface LogLine {
  readonly level: LogLevel;
  readonly party: string | undefined;
  readonly message: string;
  readonly facts: LogFacts;
}

const RANK: Readonly<Record<LogLevel, number>> = { debug: 10, info: 20, warn: 30, error: 40 };

/** A Log that hands each line of `least` or more to `write`. */
export function createLog(write: (line: LogLine) => void, least: LogLevel = 'debug', party?: string): Log {
  const wants = (level: LogLevel): boolean => RANK[level] >= RANK[least];
  const at = (level: LogLevel) => (message: string, facts: LogFacts = {}) => {
    if (wants(level)) write({ level, party, message, facts });
  };
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    wants,
    as: (name) => createLog(write, least, name),
  };
}

/** Says nothing. */
export const silentLog: Log = createLog(() => undefined);
