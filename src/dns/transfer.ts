// Zone transfers (RFC 5936): the whole zone over TCP, its SOA record first and last, to those on a list.

import { createResponse } from '../net/dns/build.js';
import { EXTENDED_ERROR } from '../net/dns/edns.js';
import { RCODE, TYPE, type DnsMessage, type DnsQuery, type ResourceRecord } from '../net/dns/message.js';
import { anyHolds, type Prefix } from '../net/prefix.js';
import type { Layer } from '../net/handler.js';
import { refuse, refuseExplained, type Answer, type Answerer } from './answerer.js';
import type { ZoneSet } from './authoritative.js';
import type { Zone } from './zone.js';

/** Records of one message: RFC 5936 §2.2 asks for as many as fit; this many fit whatever they are but for the largest, which go alone. */
const MESSAGE_OCTETS = 16_000;

/** Takes all AXFR and IXFR questions. `allowed`: whose. */
export function transferZones(set: ZoneSet, allowed: readonly Prefix[]): Layer<Answerer> {
  return (next) => (query, peer) => {
    const { question } = query;
    if (question.type !== TYPE.AXFR && question.type !== TYPE.IXFR) return next(query, peer);
    if (!anyHolds(allowed, peer.remote.address)) return refuseExplained(query, RCODE.REFUSED, EXTENDED_ERROR.PROHIBITED, 'zones are transferred to the addresses of --transfer only');
    const zone = set.zones.find(({ apex }) => apex.equals(question.name));
    // RFC 5936 §2.2.1.
    if (!zone) return refuse(query, RCODE.NOTAUTH, `no zone ${question.name.toString()} is served here`);
    if (question.type === TYPE.IXFR && (peer.transport === 'udp' || isCurrent(query, zone))) {
      // RFC 1995 §2, §4: the SOA record alone says "you have it", or over UDP "ask over TCP".
      return { message: createResponse(query.message, { authoritative: true, answers: [zone.soa] }), cached: false };
    }
    // RFC 5936 §4.2: there is no AXFR over UDP.
    if (peer.transport === 'udp') return refuseExplained(query, RCODE.REFUSED, EXTENDED_ERROR.NOT_SUPPORTED, 'zones are transferred over TCP only');
    return whole(query, zone);
  };
}

/** RFC 1995 §3: the client's own SOA record is in the authority section; RFC 1982: serials go round. */
function isCurrent(query: DnsQuery, zone: Zone): boolean {
  const data = query.message.authorities.find(({ type, name }) => type === TYPE.SOA && name.equals(zone.apex))?.data;
  return data?.kind === 'SOA' && ((data.serial - zone.soa.data.serial) | 0) >= 0;
}

/** RFC 5936 §2.2; for IXFR as well, where no history is kept (RFC 1995 §4). */
function whole(query: DnsQuery, zone: Zone): Answer {
  return { message: createResponse(query.message, { authoritative: true, answers: [zone.soa] }), cached: false, stream: messagesOf(query, zone) };
}

/** A zone is never changed, only exchanged for another: what is being sent is one version of it. */
function* messagesOf(query: DnsQuery, zone: Zone): Generator<DnsMessage> {
  let answers: ResourceRecord[] = [];
  let octets = 0;
  for (const record of recordsOf(zone)) {
    const size = sizeOf(record);
    if (octets + size > MESSAGE_OCTETS && answers.length > 0) {
      yield createResponse(query.message, { authoritative: true, answers });
      answers = [];
      octets = 0;
    }
    answers.push(record);
    octets += size;
  }
  yield createResponse(query.message, { authoritative: true, answers });
}

/** What lies below a cut goes along: it is the zone's own copy (RFC 5936 §3.1). */
function* recordsOf(zone: Zone): Generator<ResourceRecord> {
  yield zone.soa;
  for (const node of zone.nodes.values()) {
    for (const rrset of node.rrsets.values()) if (rrset.type !== TYPE.SOA) yield* rrset.records;
  }
  yield zone.soa;
}

/** At most so many octets, names uncompressed. */
function sizeOf({ name, data }: ResourceRecord): number {
  let octets = name.wire.length + 10;
  for (const value of Object.values(data).flat() as readonly unknown[]) {
    if (value instanceof Uint8Array) octets += value.length + 1;
    else if (typeof value === 'object' && value !== null && 'wire' in value && value.wire instanceof Uint8Array) octets += value.wire.length;
    else octets += 16;
  }
  return octets;
}
