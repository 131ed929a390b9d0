// The seam between what is kept within bounds and which entry has to go.

/**
 * Told of every entry that is kept, names those that should go; keeps no octets itself. Every call takes
 * constant time, victims counted in the long run.
 */
export interface EvictionPolicy {
  /** For people: "S3-FIFO". */
  readonly name: string;
  /** A new entry, and the room that it takes. A key is there once at a time. */
  added(key: string, octets: number): void;
  /** It was used. Nothing happens for a key that isn't there. */
  touched(key: string): void;
  /** It went away, and not as a victim: purged, replaced … Nothing happens for a key that isn't there. */
  removed(key: string): void;
  /** In the order in which they should go, until none is left. Whoever takes one has evicted it. */
  victims(): Iterable<string>;
}
