// What no DNS role here answers, said in the standard's words before any zone or cache is looked at.
// Other opcodes, EDNS versions and counts of questions than ours never get past the transport.

import { EXTENDED_ERROR } from '../net/dns/edns.js';
import { CLASS, RCODE, TYPE, type DnsQuery } from '../net/dns/message.js';
import { formatType } from '../net/dns/text.js';
import type { Layer } from '../net/handler.js';
import { refuse, refuseExplained, type Answer, type Answerer } from './answerer.js';

/** Lets ordinary questions of class IN through. */
export const guard: Layer<Answerer> = (next) => (query, peer) => objection(query) ?? next(query, peer);

function objection(query: DnsQuery): Answer | undefined {
  const { question } = query;
  // RFC 6891 §6.1.1: OPT is never asked for.
  if (question.type === TYPE.OPT) return refuse(query, RCODE.FORMERR, 'OPT is no question');
  if (question.class !== CLASS.IN) return refuseExplained(query, RCODE.REFUSED, EXTENDED_ERROR.NOT_SUPPORTED, `class ${question.class} is not served`);
  // RFC 5936 §2.2.1: a transfer that isn't allowed is refused; those that are don't get here.
  if (question.type === TYPE.AXFR || question.type === TYPE.IXFR) return refuseExplained(query, RCODE.REFUSED, EXTENDED_ERROR.PROHIBITED, 'zones are not transferred');
  // RFC 6895 §3.1: 128-255 are questions about questions; ANY is the one with an answer (RFC 8482).
  if (question.type >= 128 && question.type <= 254) return refuseExplained(query, RCODE.NOTIMP, EXTENDED_ERROR.NOT_SUPPORTED, `${formatType(question.type)} is not known here`);
  return undefined;
}
