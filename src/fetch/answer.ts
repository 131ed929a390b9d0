// What a DNS answer says: addresses, ports, videos. Pure.

import { TYPE, type DnsMessage, type ResourceRecord } from '../net/dns/message.js';
import type { Name } from '../net/dns/name.js';

export type AddressSelection =
  | { readonly kind: 'addresses'; readonly addresses: readonly string[] }
  /** No address in this answer; `name` is where its chain of CNAMEs ends, the name asked if it has none. */
  | { readonly kind: 'ends'; readonly name: Name }
  | { readonly kind: 'loop' };

function endOfChain(message: DnsMessage, start: Name): Name | undefined {
  const seen = new Set<string>();
  let name = start;
  for (;;) {
    if (seen.has(name.key)) return undefined;
    seen.add(name.key);
    const alias = message.answers.find((record) => record.data.kind === 'CNAME' && record.name.equals(name));
    if (alias?.data.kind !== 'CNAME') return name;
    name = alias.data.target;
  }
}

function recordsAt(message: DnsMessage, start: Name, type: number): readonly ResourceRecord[] {
  const end = endOfChain(message, start);
  return end === undefined ? [] : message.answers.filter((record) => record.type === type && record.name.equals(end));
}

/** The addresses (A or AAAA) at the end of the answer's chain, in the answer's order: that is how stores take turns. */
export function selectAddresses(message: DnsMessage, start: Name, type: number): AddressSelection {
  const end = endOfChain(message, start);
  if (end === undefined) return { kind: 'loop' };
  const addresses = recordsAt(message, start, type).flatMap(({ data }) => (data.kind === 'A' || data.kind === 'AAAA' ? [data.address] : []));
  return addresses.length > 0 ? { kind: 'addresses', addresses } : { kind: 'ends', name: end };
}

/**
 * The port of the service, from the SRV record of the lowest priority number (RFC 2782). A target of "."
 * means that the service is decidedly not there: that record is no answer.
 */
export function selectPort(message: DnsMessage, start: Name): number | undefined {
  const services = recordsAt(message, start, TYPE.SRV).flatMap(({ data }) => (data.kind === 'SRV' && data.target.labelCount > 0 ? [data] : []));
  const [best] = [...services].sort((a, b) => a.priority - b.priority);
  return best?.port;
}

export interface VideoRecord {
  /** The content's name in the CDN's zone. */
  readonly content: Name;
  readonly object: string;
}

/** The first V record at the end of the chain. */
export function selectVideo(message: DnsMessage, start: Name): VideoRecord | undefined {
  for (const { data } of recordsAt(message, start, TYPE.V)) {
    if (data.kind === 'V') return { content: data.content, object: Buffer.from(data.object).toString('utf8') };
  }
  return undefined;
}
