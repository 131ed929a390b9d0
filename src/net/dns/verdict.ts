// Whether what has come is the answer to what was asked (RFC 5452 §9.1), and how an attempt can end.

import { systemCode, messageOf } from '../../base/errors.js';
import type { Endpoint } from '../address.js';
import { restoreCase, type MixedCase } from './exchange-case.js';
import { RCODE, type DnsMessage } from './message.js';
import { decodeMessage } from './wire.js';

/** Both messages as they were on the wire, without TCP's length before them. */
export interface ExchangedOctets {
  readonly sent: Uint8Array;
  readonly received: Uint8Array;
}

/** How one attempt ends. `why` is the end of a sentence that begins with the server's name. */
export type Attempt =
  | { readonly kind: 'answer'; readonly message: DnsMessage; readonly wire: ExchangedOctets; readonly local: Endpoint; readonly sameCase: boolean }
  | { readonly kind: 'silent' }
  | { readonly kind: 'unreachable'; readonly why: string }
  /** Only what can't be the answer came, under the right ID. */
  | { readonly kind: 'malformed'; readonly why: string };

export type Verdict =
  /** `sameCase`: the question came back letter for letter, or its letter case was no secret. */
  | { readonly kind: 'answer'; readonly message: DnsMessage; readonly sameCase: boolean }
  /** Not meant for us, or a forger's guess. */
  | { readonly kind: 'stray' }
  | { readonly kind: 'malformed'; readonly why: string };

/** With `mixed`, the query's name is the mixed one; the original takes its place in `octets` and in the message. */
export function selectVerdict(octets: Uint8Array, query: DnsMessage, mixed?: MixedCase): Verdict {
  const sameCase = mixed === undefined || restoreCase(octets, mixed);
  const decoded = decodeMessage(octets);
  if (decoded.kind === 'headerless') return { kind: 'stray' };
  const { id, response, opcode } = decoded.kind === 'message' ? decoded.message : decoded;
  if (!response || id !== query.id) return { kind: 'stray' };
  if (decoded.kind === 'malformed') return { kind: 'malformed', why: `sent a message that ${decoded.why}` };
  if (opcode !== query.opcode || !answersQuestion(decoded.message, query)) return { kind: 'malformed', why: 'answered another question' };
  return { kind: 'answer', message: decoded.message, sameCase: sameCase || decoded.message.questions.length === 0 };
}

function answersQuestion(answer: DnsMessage, query: DnsMessage): boolean {
  // A server that couldn't read the question, or doesn't know the opcode, has none to repeat.
  if (answer.questions.length === 0) return answer.rcode === RCODE.FORMERR || answer.rcode === RCODE.NOTIMP;
  return (
    answer.questions.length === query.questions.length &&
    answer.questions.every((question, index) => {
      const asked = query.questions[index];
      return asked?.type === question.type && asked.class === question.class && asked.name.equals(question.name);
    })
  );
}

/** A socket's error as an attempt's end. */
export function unreachable(error: unknown): Attempt {
  switch (systemCode(error)) {
    case 'ECONNREFUSED':
      return { kind: 'unreachable', why: 'refused it: nothing listens there' };
    case 'ENETUNREACH':
    case 'EHOSTUNREACH':
      return { kind: 'unreachable', why: 'cannot be reached from here' };
    default:
      return { kind: 'unreachable', why: `cannot be asked: ${messageOf(error)}` };
  }
}
