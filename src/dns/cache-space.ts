// Who goes when the cache is full: SIEVE (Zhang et al., NSDI 2024). A hand goes from the oldest entry to
// the newest, spares once who was used since it last came by, and stops at the first that wasn't.

export interface Place<T> {
  /** Set by a hit: all that a hit costs. */
  used: boolean;
  readonly bytes: number;
  newer: T | undefined;
  older: T | undefined;
}

export class Space<T extends Place<T>> {
  readonly #maxBytes: number;
  #newest: T | undefined;
  #oldest: T | undefined;
  #hand: T | undefined;
  #bytes = 0;
  #count = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get count(): number {
    return this.#count;
  }

  get isOverfull(): boolean {
    return this.#bytes > this.#maxBytes;
  }

  add(entry: T): void {
    entry.older = this.#newest;
    entry.newer = undefined;
    if (this.#newest) this.#newest.newer = entry;
    else this.#oldest = entry;
    this.#newest = entry;
    this.#bytes += entry.bytes;
    this.#count += 1;
  }

  remove(entry: T): void {
    if (this.#hand === entry) this.#hand = entry.newer;
    if (entry.newer) entry.newer.older = entry.older;
    else this.#newest = entry.older;
    if (entry.older) entry.older.newer = entry.newer;
    else this.#oldest = entry.newer;
    entry.newer = undefined;
    entry.older = undefined;
    this.#bytes -= entry.bytes;
    this.#count -= 1;
  }

  /** The entry that should go next; undefined when there is none. It is still in its place. */
  victim(): T | undefined {
    let at = this.#hand ?? this.#oldest;
    while (at?.used === true) {
      at.used = false;
      at = at.newer ?? this.#oldest;
    }
    this.#hand = at;
    return at;
  }
}
