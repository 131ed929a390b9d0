// What the parties have to say. A line is a sentence for people and the same facts for machines;
// which of the two is written is decided once, by whoever made the Log.

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
export type LogFacts = Readonly<Record<string, unknown>>;

export interface Log {
  debug(message: string, facts?: LogFacts): void;
  info(message: string, facts?: LogFacts): void;
  warn(message: string, facts?: LogFacts): void;
  error(message: string, facts?: LogFacts): void;
  /** Whether lines of this level go anywhere: what costs much to word need not be. */
  tells(level: LogLevel): boolean;
  /** The same log, each line labelled with this party (`web`, `dns`, `store-1` …). */
  as(party: string): Log;
}

export interface LogLine {
  readonly level: LogLevel;
  readonly party: string | undefined;
  readonly message: string;
  readonly facts: LogFacts;
}

export const LEVEL_RANK: Readonly<Record<LogLevel, number>> = { debug: 10, info: 20, warn: 30, error: 40 };

/** A Log that hands each line to `write`, those below the `least` level left out. */
export function createLog(write: (line: LogLine) => void, party?: string, least: LogLevel = 'debug'): Log {
  const tells = (level: LogLevel): boolean => LEVEL_RANK[level] >= LEVEL_RANK[least];
  const at = (level: LogLevel) => (tells(level) ? (message: string, facts: LogFacts = {}) => write({ level, party, message, facts }) : () => undefined);
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    tells,
    as: (name) => createLog(write, name, least),
  };
}

/** Says nothing. */
export const silentLog: Log = createLog(() => undefined, undefined, 'error');
