// A zone in the making: records with the places they were read from, and what is wrong with them.

import type { ResourceRecord } from '../net/dns/message.js';
import type { Name } from '../net/dns/name.js';

/** Where a record stands in its file; both 1-based. */
export interface Position {
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
