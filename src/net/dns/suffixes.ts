// The names that stand in the message being written, by their ends: each end is one label and the end
// behind it, so that to look for a name costs as much as it has octets, whatever names there are.

import { LOWER } from './name.js';

/** A pointer has 14 bits. */
export const MAX_POINTER = 0x3fff;
/** The end that every name has; it is nowhere in particular. A message begins with its header, so no other end is at 0. */
export const ROOT = 0;
export const UNKNOWN = -1;

const SLOTS = 16_384;
/** Slots looked at for one end: who makes names fall together gets them written whole. */
const PROBES = 8;

// Of the one message that is being written: the place of an end in it, by slot; what stands behind it, by place.
const places = new Uint16Array(SLOTS);
const behind = new Uint16Array(MAX_POINTER + 1);
/** Which writing a slot was filled in: the others are empty. */
const filledIn = new Uint32Array(SLOTS);
let writing = 0;

/** Begins a new message. */
export function forgetSuffixes(): void {
  writing = (writing + 1) >>> 0;
  if (writing !== 0) return;
  filledIn.fill(0);
  writing = 1;
}

/** Where the label at `at` of `wire` stands in `message` with the end `rest` behind it, ASCII letter case aside; or UNKNOWN. */
export function findSuffix(message: Uint8Array, wire: Uint8Array, at: number, rest: number): number {
  const first = hash(wire, at, rest);
  for (let probe = 0; probe < PROBES; probe += 1) {
    const slot = (first + probe) & (SLOTS - 1);
    if (filledIn[slot] !== writing) return UNKNOWN;
    const place = places[slot] as number;
    if (behind[place] === rest && isSameLabel(message, place, wire, at)) return place;
  }
  return UNKNOWN;
}

/** The label at `place` of `message`, with the end `rest` behind it, which wasn't there before. */
export function addSuffix(message: Uint8Array, place: number, rest: number): void {
  const first = hash(message, place, rest);
  for (let probe = 0; probe < PROBES; probe += 1) {
    const slot = (first + probe) & (SLOTS - 1);
    if (filledIn[slot] === writing) continue;
    filledIn[slot] = writing;
    places[slot] = place;
    behind[place] = rest;
    return;
  }
}

/** FNV-1a over the label, its length included, from a state that is about what is behind it; mixed, so that its lower bits are about all of it. */
function hash(octets: Uint8Array, at: number, rest: number): number {
  let value = Math.imul(rest ^ 0x811c9dc5, 0x01000193);
  const end = at + (octets[at] as number);
  for (let index = at; index <= end; index += 1) value = Math.imul(value ^ (LOWER[octets[index] as number] as number), 0x01000193);
  return value ^ (value >>> 15);
}

function isSameLabel(a: Uint8Array, atA: number, b: Uint8Array, atB: number): boolean {
  const length = a[atA] as number;
  for (let index = 0; index <= length; index += 1) {
    if (LOWER[a[atA + index] as number] !== LOWER[b[atB + index] as number]) return false;
  }
  return true;
}
