// Which server this is and what runs on it, for those who ask: NSID (RFC 5001), and the names of class
// CHAOS (RFC 4892).

import { createResponse } from '../net/dns/build.js';
import { OPTION } from '../net/dns/edns.js';
import { CLASS, TYPE, type DnsQuery, type ResourceRecord } from '../net/dns/message.js';
import { findAsked } from '../net/dns/ordinary.js';
import type { Layer } from '../net/handler.js';
import { refusePolicy, withOption, type Answer, type Answerer } from './answerer.js';

export interface Identity {
  /** Tells this server from its likes behind the same address; absent: nobody is told. */
  readonly nsid?: string | undefined;
  /** The program and its version; absent: nobody is told. */
  readonly version?: string | undefined;
}

/** RFC 4892 §2.2, and the names it grew out of. */
const VERSION_NAMES: ReadonlySet<string> = new Set(['version.bind.', 'version.server.']);
const SERVER_NAMES: ReadonlySet<string> = new Set(['id.server.', 'hostname.bind.']);

/** RFC 5001 §2.1: an NSID for those that ask for one with an empty option. */
export function tellNsid({ nsid }: Identity): Layer<Answerer> {
  if (nsid === undefined) return (next) => next;
  const option = { code: OPTION.NSID, data: Uint8Array.from(Buffer.from(nsid, 'utf8')) };
  return (next) => (query, peer) => {
    const answer = next(query, peer);
    if (!findAsked(query.message, OPTION.NSID)) return answer;
    return answer instanceof Promise ? answer.then((later) => withOption(later, option)) : withOption(answer, option);
  };
}

/** Takes all questions of class CHAOS; what it doesn't tell, it refuses. */
export function answerChaos(identity: Identity): Layer<Answerer> {
  return (next) => (query, peer) => (query.question.class === CLASS.CH ? tellChaos(identity, query) : next(query, peer));
}

function tellChaos({ nsid, version }: Identity, query: DnsQuery): Answer {
  const { question, message } = query;
  const name = question.name.toString().toLowerCase();
  const text = VERSION_NAMES.has(name) ? version : SERVER_NAMES.has(name) ? nsid : undefined;
  if (text === undefined || (question.type !== TYPE.TXT && question.type !== TYPE.ANY)) return refusePolicy(query, 'of class CHAOS nothing else is told');
  const strings = [Uint8Array.from(Buffer.from(text, 'utf8').subarray(0, 255))];
  // RFC 4892 §2.3: for this server and this moment, so never to be remembered.
  const record: ResourceRecord = { name: question.name, type: TYPE.TXT, class: CLASS.CH, ttl: 0, data: { kind: 'TXT', strings } };
  return { message: createResponse(message, { authoritative: true, answers: [record] }), cached: false };
}
