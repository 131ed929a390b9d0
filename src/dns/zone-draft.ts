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
  /** The zone can be served all the same. */
  readonly warning?: boolean;
}

/** The records of one name and type. */
export interface SetDraft {
  readonly type: number;
  readonly records: SourcedRecord[];
}

/** One name, its records by type: a list, since most names have one type or two. */
export class NodeDraft {
  readonly name: Name;
  readonly sets: SetDraft[] = [];

  constructor(name: Name) {
    this.name = name;
  }

  /** None if the name has none of this type. */
  get(type: number): readonly SourcedRecord[] {
    return this.find(type) ?? NONE;
  }

  find(type: number): SourcedRecord[] | undefined {
    for (const set of this.sets) if (set.type === type) return set.records;
    return undefined;
  }
}

const NONE: readonly SourcedRecord[] = [];
