// A zone in the making: records with the places they were read from, and what is wrong with them.

import type { ResourceRecord } from '../net/dns/message.js';
import type { Name } from '../net/dns/name.js';

/** Where something stands; line and column count from 1. */
export interface Position {
  /** Of an included file, as `$INCLUDE` leads to it; absent: the zone's own. */
  readonly file?: string | undefined;
  readonly line: number;
  readonly column: number;
}

export interface SourcedRecord {
  readonly record: ResourceRecord;
  readonly at: Position | undefined;
}

export interface ZoneProblem {
  readonly at: Position | undefined;
  readonly text: string;
}

/** One name, its records by type. */
export interface NodeDraft {
  readonly name: Name;
  readonly sets: Map<number, SourcedRecord[]>;
}
