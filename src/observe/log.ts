// What the parties have to say. A line is a sentence for people and the same facts for machines;
// which of the two is written is decided once, by whoever made the Log.

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
export type LogFacts = Readonly<Record<string, unknown>>;

export interface Log {
  debug(message: string, facts?: LogFacts): void;
  info(message: string, facts?: LogFacts): void;
  warn(message: string, facts?: LogFacts): void;
  error(message: string, facts?: LogFacts): void;
  /** The same log, each line labelled with this party (`web`, `dns`, `store-1` …). */
  as(party: string): Log;
}

export interface LogLine {
  readonly level: LogLevel;
  readonly party: string | undefined;
  readonly message: string;
  readonly facts: LogFacts;
}

/** A Log that hands each line to `write`. */
export function createLog(write: (line: LogLine) => void, party?: string): Log {
  const at = (level: LogLevel) => (message: string, facts: LogFacts = {}) => write({ level, party, message, facts });
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    as: (name) => createLog(write, name),
  };
}

/** Says nothing. */
export const silentLog: Log = createLog(() => undefined);
