// How a message that is too large gets small: courtesies go first, and then everything. A reader
// gets a whole answer, or TC=1 and nothing that could be taken for one (RFC 2181 §9).

import { TYPE, type DnsMessage, type ResourceRecord } from './message.js';
import { encodeUpTo } from './wire.js';

/**
 * In this order, the first that fits: all of it; as many of the additional RRsets nobody needs as there
 * is room for; TC=1 with the question and the OPT; the same without the OPT's options. The last always
 * fits into 512.
 * @throws RangeError for data that its type can't carry, as encodeMessage does.
 */
export function encodeWithin(message: DnsMessage, maxOctets: number): Uint8Array {
  const whole = encodeUpTo(message, maxOctets);
  if (whole) return whole;
  const cut: DnsMessage = { ...message, truncated: true, answers: [], authorities: [], additionals: [] };
  const bare: DnsMessage = { ...cut, edns: cut.edns && { ...cut.edns, options: [] } };
  const octets = withFewerCourtesies(message, maxOctets) ?? encodeUpTo(cut, maxOctets) ?? encodeUpTo(bare, maxOctets);
  if (!octets) throw new RangeError(`a DNS message with its question alone needs more than ${maxOctets} octets`);
  return octets;
}

/**
 * RFC 2181 §9: additional records that merely might be useful may be left out without TC, an RRset at a
 * time (§5). A referral's glue is not such a courtesy (RFC 9471 §3.1): without the address of a name
 * server that lies in the zone it serves, the referral leads nowhere; that of a server in another zone
 * is one (§3.2). undefined when it doesn't fit even without any.
 */
function withFewerCourtesies(message: DnsMessage, maxOctets: number): Uint8Array | undefined {
  const glueOf = new Set<string>();
  if (message.answers.length === 0) {
    for (const { name, data } of message.authorities) {
      if (data.kind === 'NS' && data.target.isAtOrBelow(name)) glueOf.add(data.target.key);
    }
  }
  const needed: ResourceRecord[] = [];
  const courtesies = new Map<string, ResourceRecord[]>();
  for (const record of message.additionals) {
    const { name, type } = record;
    if ((type === TYPE.A || type === TYPE.AAAA) && glueOf.has(name.key)) {
      needed.push(record);
      continue;
    }
    const key = `${type} ${name.key}`;
    const set = courtesies.get(key);
    if (set) set.push(record);
    else courtesies.set(key, [record]);
  }
  const sets = [...courtesies.values()];
  const encodeWith = (count: number): Uint8Array | undefined => encodeUpTo({ ...message, additionals: [...needed, ...sets.slice(0, count).flat()] }, maxOctets);
  let best = encodeWith(0);
  // All of them were too many.
  for (let fits = 0, tooMany = sets.length; best && tooMany - fits > 1; ) {
    const count = (fits + tooMany) >>> 1;
    const octets = encodeWith(count);
    if (octets) {
      best = octets;
      fits = count;
    } else {
      tooMany = count;
    }
  }
  return best;
}
