// Which slices are worth a write to disk: those that were asked for before. Remembered of each is a
// fingerprint only, in a table that is as large as it will ever be.

export interface Admission {
  /** Notes that the slice was asked for; true when it had been, not long ago. */
  ask(id: string): boolean;
}

/** What one fingerprint takes. */
const FINGERPRINT_OCTETS = 4;

/** FNV-1a, 32 bits, with its bits mixed once more (the end of MurmurHash3), for the low ones pick the place. */
function hash(text: string, seed: number): number {
  let value = seed;
  for (let index = 0; index < text.length; index += 1) value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}

/** Takes `octets` of memory, and forgets what is long ago as others come to its places. */
export function createAdmission(octets: number): Admission {
  // Four places a slice may be in: the oldest of them makes way.
  const places = Math.max(16, 4 * Math.floor(octets / FINGERPRINT_OCTETS / 4));
  const table = new Uint32Array(places);
  return {
    ask: (id) => {
      const fingerprint = hash(id, 0x811c9dc5) || 1;
      const first = 4 * (hash(id, 0x9e3779b9) % (places / 4));
      let at = first;
      while (at < first + 3 && table[at] !== fingerprint) at += 1;
      const isKnown = table[at] === fingerprint;
      table.copyWithin(first + 1, first, at);
      table[first] = fingerprint;
      return isKnown;
    },
  };
}
