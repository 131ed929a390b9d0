// Turns of a transfer: where it went otherwise than it should, and what was done about it.

import { formatBytes, formatDuration } from '../../base/units.js';
import { formatEndpoint } from '../../net/address.js';
import type { FetchEvent } from '../model.js';
import { printable } from '../text.js';

export type TurnEvent = Extract<FetchEvent, { readonly kind: 'resumed' | 'failed-over' | 'retry' | 'restarted' | 'unproven' }>;

/** A turn in an explanation, with as much of it as its kind has. */
export interface Turn {
  readonly atMs: number;
  readonly kind: TurnEvent['kind'];
  /** In words. */
  readonly what: string;
  /** How many messages were told before it. */
  readonly afterMessages: number;
  /** Who was left. */
  readonly endpoint?: string;
  readonly why?: string;
  readonly bytes?: number;
  /** The pause before a retry, and which of how many it is. */
  readonly inMs?: number;
  readonly attempt?: number;
  readonly of?: number;
}

const KINDS: readonly FetchEvent['kind'][] = ['resumed', 'failed-over', 'retry', 'restarted', 'unproven'];

export function isTurn(event: FetchEvent): event is TurnEvent {
  return KINDS.includes(event.kind);
}

export function turnWords(event: TurnEvent): string {
  switch (event.kind) {
    case 'resumed':
      return `Going on: ${formatBytes(event.bytes)} are here from an earlier run`;
    case 'failed-over':
      return `Left ${formatEndpoint(event.from)}${event.keeps ? ', the bytes so far are kept' : ''}: ${event.why}`;
    case 'retry':
      return `Trying again in ${formatDuration(event.inMs)} (${event.attempt} of ${event.of}): ${event.why}`;
    case 'restarted':
      return `Beginning anew, ${formatBytes(event.bytes)} are of no use: ${event.why}`;
    case 'unproven':
      return `Nothing proves that the ${formatBytes(event.bytes)} that were here are of the file that comes now: no SHA-256 is promised. The last 64 KiB are compared; --checksum sha256:… would tell for sure`;
  }
}

export function createTurn(event: TurnEvent, afterMessages: number): Turn {
  const { kind, atMs = 0 } = event;
  return {
    atMs, kind, what: printable(turnWords(event), 2000), afterMessages,
    ...('from' in event && { endpoint: formatEndpoint(event.from) }), ...('why' in event && { why: printable(event.why, 2000) }),
    ...('bytes' in event && { bytes: event.bytes }), ...(event.kind === 'retry' && { inMs: event.inMs, attempt: event.attempt, of: event.of }),
  };
}

/** "*   Left 127.0.0.1:40721, …  +12.0 ms": its place is between the messages. */
export function turnLine({ what, atMs }: Pick<Turn, 'what' | 'atMs'>): string {
  return `*   ${what}  +${atMs.toFixed(1)} ms`;
}

/** Each thing that belongs to a message, with the turns before it; then those behind the last. */
export function amongTurns<T>(turns: readonly Turn[], count: number, ofMessage: (index: number) => T | undefined, ofTurn: (turn: Turn) => T): readonly T[] {
  const told: T[] = [];
  for (let index = 0; index <= count; index += 1) {
    for (const turn of turns) if (turn.afterMessages === index) told.push(ofTurn(turn));
    const own = index < count ? ofMessage(index) : undefined;
    if (own !== undefined) told.push(own);
  }
  return told;
}
