// How a message that is too large gets small: courtesies go first, and then everything. A reader
// gets a whole answer, or TC=1 and nothing that could be taken for one (RFC 2181 §9).

import { TYPE, type DnsMessage } from './message.js';
import { encodeUpTo } from './wire.js';

/**
 * In this order, the first that fits: all of it; without the additional records nobody needs; TC=1
 * with the question and the OPT; the same without the OPT's options. The last always fits into 512.
 * @throws RangeError for data that its type can't carry, as encodeMessage does.
 */
export function encodeWithin(message: DnsMessage, maxOctets: number): Uint8Array {
  const whole = encodeUpTo(message, maxOctets);
  if (whole) return whole;
  const cut: DnsMessage = { ...message, truncated: true, answers: [], authorities: [], additionals: [] };
  const smaller = withoutCourtesies(message) ?? cut;
  const bare: DnsMessage = { ...cut, edns: cut.edns && { ...cut.edns, options: [] } };
  const octets = encodeUpTo(smaller, maxOctets) ?? encodeUpTo(cut, maxOctets) ?? encodeUpTo(bare, maxOctets);
  if (!octets) throw new RangeError(`a DNS message with its question alone needs more than ${maxOctets} octets`);
  return octets;
}

/**
 * RFC 2181 §9: additional records that merely might be useful may be left out without TC. A
 * referral's glue is not such a courtesy (RFC 9471 §3.1): without the address of a name server that
 * lies in the zone it serves, the referral leads nowhere. undefined when there is nothing to leave out.
 */
function withoutCourtesies(message: DnsMessage): DnsMessage | undefined {
  const needed = new Set<string>();
  if (message.answers.length === 0) {
    for (const { name, data } of message.authorities) {
      if (data.kind === 'NS' && data.target.isAtOrBelow(name)) needed.add(data.target.key);
    }
  }
  const additionals = message.additionals.filter(({ name, type }) => (type === TYPE.A || type === TYPE.AAAA) && needed.has(name.key));
  return additionals.length === message.additionals.length ? undefined : { ...message, additionals };
}
