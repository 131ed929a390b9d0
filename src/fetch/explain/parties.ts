// Who takes part in a story, for the formats that draw: each party once, in the order of its first word.

import { formatEndpoint } from '../../net/address.js';
import type { Party, StoryMessage } from '../model.js';
import type { Explanation } from './explanation.js';
import { amongTurns, type Turn } from './turns.js';

export interface Actor {
  readonly key: string;
  readonly role: string;
  /** Where it can be reached; undefined for the client, which asks from a new port each time. */
  readonly endpoint: string | undefined;
}

/** Client and local DNS ask from ports that change, and are one party all the same. */
function keyOf(party: Party): string {
  const single = party.role === 'client' || party.role === 'local DNS' || party.endpoint === undefined;
  return single ? party.role : `${party.role} ${formatEndpoint(party.endpoint)}`;
}

const isSent = ({ sight }: StoryMessage): boolean => sight === 'seen' || sight === 'told';

/** Whether a message asks; the others answer. */
export function isQuestion({ number, from }: StoryMessage): boolean {
  return number === 0 ? from.role === 'client' : [1, 3, 4, 6, 9].includes(number);
}

export interface Drawn {
  readonly message: StoryMessage;
  /** Places in `actors`; of what was not sent, both are the local DNS's, or the client's where there is none. */
  readonly from: number;
  readonly to: number;
  /** Of what was not sent, the numbers of all that share a reason: "4 to 7". */
  readonly numbers: string;
  readonly sent: boolean;
}

function nameRange(first: number, last: number): string {
  return last === first ? String(first) : `${first} ${last === first + 1 ? 'and' : 'to'} ${last}`;
}

const CLIENT: Party = { role: 'client', endpoint: undefined };

/** Consecutive messages that were not sent, for one reason, become one entry; a turn is one between them, and the client's. */
export function drawStory({ messages, turns }: Pick<Explanation, 'messages' | 'turns'>): { readonly actors: readonly Actor[]; readonly drawn: readonly Drawn[] } {
  const actors: Actor[] = [];
  const places = new Map<string, number>();
  const place = (party: Party, reached: boolean): number => {
    const key = keyOf(party);
    const known = places.get(key);
    const endpoint = party.role === 'client' || !reached || party.endpoint === undefined ? undefined : formatEndpoint(party.endpoint);
    if (known !== undefined) return known;
    places.set(key, actors.length);
    return actors.push({ key, role: party.role, endpoint }) - 1;
  };
  const drawn: Drawn[] = [];
  for (const entry of amongTurns<StoryMessage | Turn>(turns, messages.length, (index) => messages[index], (turn) => turn)) {
    const last = drawn.at(-1);
    if ('afterMessages' in entry) {
      const at = places.get('client') ?? 0;
      drawn.push({ message: { number: 0, atMs: entry.atMs, sight: 'seen', from: CLIENT, to: CLIENT, transport: undefined, what: entry.what, facts: {} }, from: at, to: at, numbers: '*', sent: false });
      continue;
    }
    const message = entry;
    if (isSent(message)) {
      const asks = isQuestion(message);
      const [from, to] = [place(message.from, !asks), place(message.to, asks)];
      drawn.push({ message, from, to, numbers: String(message.number), sent: true });
    } else if (last !== undefined && !last.sent && last.message.what === message.what) {
      drawn[drawn.length - 1] = { ...last, numbers: nameRange(last.message.number, message.number) };
    } else {
      const at = places.get('local DNS') ?? 0;
      drawn.push({ message, from: at, to: at, numbers: String(message.number), sent: false });
    }
  }
  return { actors, drawn };
}
