// Letter case as one more secret: each letter of the question goes out in upper or lower case by chance,
// and whoever answers must have seen it (draft-vixie-dnsext-dns0x20; RFC 5452 §9.3 asks for such bits).

import type { Random } from '../../base/random.js';
import { Name } from './name.js';

export interface MixedCase {
  /** As it is sent. */
  readonly mixed: Name;
  /** As the caller has it, and as it shall find it in the answer. */
  readonly original: Name;
}

/** Where the question's name begins: behind the header (RFC 1035 §4.1). */
const QUESTION_OFFSET = 12;

export function mixCase(original: Name, random: Random): MixedCase {
  const wire = original.wire.slice();
  const bits = random.bytes((wire.length + 7) >>> 3);
  for (let at = 0; wire[at] !== 0; ) {
    const end = at + 1 + (wire[at] as number);
    for (at += 1; at < end; at += 1) {
      const lower = (wire[at] as number) | 0x20;
      if (lower < 0x61 || lower > 0x7a) continue;
      wire[at] = ((bits[at >>> 3] as number) >>> (at & 7)) & 1 ? lower : lower ^ 0x20;
    }
  }
  return { mixed: new Name(wire, original.key), original };
}

/**
 * Whether the answer repeats the question octet by octet. If so the original is put into its place, so
 * that every name compressed against it comes out in the letter case that the caller gave it.
 */
export function restoreCase(octets: Uint8Array, { mixed, original }: MixedCase): boolean {
  const { wire } = mixed;
  if (octets.length < QUESTION_OFFSET + wire.length) return false;
  for (let at = 0; at < wire.length; at += 1) {
    if (octets[QUESTION_OFFSET + at] !== wire[at]) return false;
  }
  octets.set(original.wire, QUESTION_OFFSET);
  return true;
}

export interface CaseChangers {
  has(server: string): boolean;
  add(server: string): void;
}

/** A server may be mended, or another one take its address. */
const REMEMBERED_MS = 3_600_000;
const MAX_REMEMBERED = 1024;

/** Servers shown, over TCP, where no forger gets a word in, not to repeat a question's letter case. */
export function createCaseChangers(monotonic: () => number): CaseChangers {
  const until = new Map<string, number>();
  return {
    has: (server) => {
      const end = until.get(server);
      if (end === undefined || monotonic() < end) return end !== undefined;
      until.delete(server);
      return false;
    },
    add: (server) => {
      until.delete(server);
      until.set(server, monotonic() + REMEMBERED_MS);
      const oldest = until.size > MAX_REMEMBERED ? until.keys().next().value : undefined;
      if (oldest !== undefined) until.delete(oldest);
    },
  };
}
