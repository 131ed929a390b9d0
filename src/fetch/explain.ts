// The story of a fetch: the messages as they were sent, got, or told by the local DNS, and how a
// person reads them.

import { formatEndpoint } from '../net/address.js';
import type { FetchEvent, Party, Phase, StoryMessage, WireRecord } from './model.js';
import { printable, printableFacts } from './text.js';

/** Takes messages in the order in which they are to be read, and stamps none of them. */
export interface Story {
  /** Milliseconds since the fetch began, to the microsecond: what is below is noise. */
  elapsedMs(): number;
  tell(message: StoryMessage): void;
  /** Whether anybody looks at more than the messages: only then are transfers watched, which costs time. */
  readonly watched: boolean;
  phase(phase: Phase): void;
  /** Something begins that may take its time; it is told again, as a message, when it is over. */
  doing(what: string): void;
  wire(record: WireRecord): void;
  readonly messages: readonly StoryMessage[];
}

export function createStory(monotonic: () => number, onEvent: (event: FetchEvent) => void, watched = false): Story {
  const begun = monotonic();
  const messages: StoryMessage[] = [];
  return {
    elapsedMs: () => Math.round((monotonic() - begun) * 1000) / 1000,
    tell: (told) => {
      // Messages go to terminals, logs and JSON alike, and JSON lets through what moves a terminal.
      const message = printableFacts(told);
      messages.push(message);
      onEvent({ kind: 'message', message });
    },
    watched,
    doing: (what) => onEvent({ kind: 'doing', what: printable(what) }),
    phase: (phase) => {
      if (watched) onEvent({ kind: 'phase', phase: printableFacts(phase) });
    },
    wire: (record) => {
      if (watched) onEvent({ kind: 'wire', record });
    },
    messages,
  };
}

function formatParty(party: Party): string {
  return party.endpoint === undefined ? party.role : `${party.role} ${formatEndpoint(party.endpoint)}`;
}

function isSent(message: StoryMessage): boolean {
  return message.sight === 'seen' || message.sight === 'told';
}

function formatRoute(message: StoryMessage): string {
  return isSent(message) ? `${formatParty(message.from)} → ${formatParty(message.to)}` : '';
}

/** The longest route there is on one machine; told one by one, the lines of a fetch are aligned all the same. */
const ROUTE_WIDTH = 'authority of hiscinema.com 127.0.0.1:40723 → local DNS 127.0.0.1:51123'.length;

/**
 * One line a message, each beginning with its number: `3. client 127.0.0.1:53012 → local DNS
 * 127.0.0.1:40722  A? file1.hiscinema.com (RD=1)  +1.9 ms`. What was not sent says why, in parentheses.
 */
export function formatStory(messages: readonly StoryMessage[]): readonly string[] {
  const width = Math.max(ROUTE_WIDTH, ...messages.map((message) => formatRoute(message).length));
  return messages.map((message) => {
    const number = `${message.number}.`.padEnd(3);
    if (!isSent(message)) return `${number} (${printable(message.what)})`;
    const over = message.transport === 'tcp' ? ' over TCP' : '';
    return `${number} ${formatRoute(message).padEnd(width)}  ${printable(message.what)}${over}  +${message.atMs.toFixed(1)} ms`;
  });
}
