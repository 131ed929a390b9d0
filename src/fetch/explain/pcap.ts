// The story as a pcapng file that Wireshark opens: the messages that the client saw, and those it was told
// of. No card captured any of it; each packet's comment says what of it is real and what is rebuilt.

import type { Endpoint } from '../../net/address.js';
import { frame as frameTcp } from '../../net/dns/framing.js';
import { encodeMessage } from '../../net/dns/wire.js';
import type { WireRecord } from '../model.js';
import { closingLines, type Explanation } from './explanation.js';
import { SEGMENT_OCTETS, TCP_FLAG, tcpFrame, udpFrame, type Frame } from './frames.js';
import { encodePcapng, type Packet } from './pcapng.js';
import { turnLine } from './turns.js';
import { toldExchanges, type ToldExchange } from './told.js';

type Add = (atMs: number, comment: string, frame: (identification: number) => Frame) => void;

const NOTHING = new Uint8Array(0);
const HEADERS = 'no card captured this packet: its headers are rebuilt';
/** In an IPv4 packet, behind both headers. */
const MOST_CUT = 65_000;

interface Side {
  readonly endpoint: Endpoint;
  sequence: number;
}

/** One TCP connection, from its first packet to its last. */
class Conversation {
  private readonly add: Add;
  private readonly sides: Readonly<Record<'client' | 'server', Side>>;

  constructor(add: Add, client: Endpoint, server: Endpoint) {
    this.add = add;
    this.sides = { client: { endpoint: client, sequence: 1000 }, server: { endpoint: server, sequence: 5000 } };
  }

  private segment(atMs: number, sender: 'client' | 'server', flags: number, payload: Uint8Array, comment: string, cut = 0): void {
    const [from, to] = sender === 'client' ? [this.sides.client, this.sides.server] : [this.sides.server, this.sides.client];
    const { sequence } = from;
    const acknowledged = (flags & TCP_FLAG.ACK) === 0 ? 0 : to.sequence;
    this.add(atMs, comment, (identification) => tcpFrame(from.endpoint, to.endpoint, { sequence, acknowledged, flags, payload }, identification, cut));
    const counts = (flags & (TCP_FLAG.SYN | TCP_FLAG.FIN)) === 0 ? 0 : 1;
    from.sequence = (from.sequence + payload.byteLength + cut + counts) >>> 0;
  }

  /** RFC 9293 §3.5: SYN, SYN and ACK, ACK. */
  open(startMs: number, endMs: number): void {
    const comment = `rebuilt: the client says that it connected`;
    this.segment(startMs, 'client', TCP_FLAG.SYN, NOTHING, comment);
    this.segment(endMs, 'server', TCP_FLAG.SYN | TCP_FLAG.ACK, NOTHING, comment);
    this.segment(endMs, 'client', TCP_FLAG.ACK, NOTHING, comment);
  }

  send(atMs: number, sender: 'client' | 'server', octets: Uint8Array, comment: string): void {
    if (octets.byteLength === 0) return;
    for (let at = 0; at < octets.byteLength; at += SEGMENT_OCTETS) this.segment(atMs, sender, TCP_FLAG.ACK | TCP_FLAG.PSH, octets.subarray(at, at + SEGMENT_OCTETS), comment);
    this.segment(atMs, sender === 'client' ? 'server' : 'client', TCP_FLAG.ACK, NOTHING, 'rebuilt: an acknowledgement');
  }

  /** Octets of which only the first ones are in the file. */
  sendCut(atMs: number, sender: 'client' | 'server', octets: Uint8Array, left: number, comment: string): void {
    let kept = octets;
    for (let rest = left; rest > 0 || kept.byteLength > 0; kept = NOTHING) {
      const cut = Math.min(rest, MOST_CUT - kept.byteLength);
      this.segment(atMs, sender, TCP_FLAG.ACK | TCP_FLAG.PSH, kept, comment, cut);
      rest -= cut;
    }
    this.segment(atMs, sender === 'client' ? 'server' : 'client', TCP_FLAG.ACK, NOTHING, 'rebuilt: an acknowledgement');
  }

  /** RFC 9293 §3.6, each side in turn. */
  close(atMs: number): void {
    const comment = 'rebuilt: the client says that this is over';
    this.segment(atMs, 'server', TCP_FLAG.FIN | TCP_FLAG.ACK, NOTHING, comment);
    this.segment(atMs, 'client', TCP_FLAG.FIN | TCP_FLAG.ACK, NOTHING, comment);
    this.segment(atMs, 'server', TCP_FLAG.ACK, NOTHING, comment);
  }
}

function addDns(add: Add, transport: 'udp' | 'tcp', client: Endpoint, server: Endpoint, messages: readonly { readonly atMs: number; readonly octets: Uint8Array; readonly sender: 'client' | 'server' }[], comment: string): void {
  if (transport === 'udp') {
    for (const { atMs, octets, sender } of messages) {
      const [from, to] = sender === 'client' ? [client, server] : [server, client];
      add(atMs, comment, (identification) => udpFrame(from, to, octets, identification));
    }
    return;
  }
  const conversation = new Conversation(add, client, server);
  const [first, last] = [messages[0]?.atMs ?? 0, messages.at(-1)?.atMs ?? 0];
  conversation.open(first, first);
  for (const { atMs, octets, sender } of messages) conversation.send(atMs, sender, frameTcp(octets), comment);
  conversation.close(last);
}

function addTold(add: Add, { transport, resolver, authority, atMs, endMs, query, response }: ToldExchange): void {
  const messages = [{ atMs, octets: encodeMessage(query), sender: 'client' }, { atMs: endMs, octets: encodeMessage(response), sender: 'server' }] as const;
  addDns(add, transport, resolver, authority, messages, 'rebuilt from what the local DNS told of it (EDNS option 65001): question, rcode and records are as told; ID, flags, sections and headers are not');
}

function addHttp(add: Add, records: readonly WireRecord[]): void {
  const [first] = records;
  if (first === undefined) return;
  const conversation = new Conversation(add, first.client, first.server);
  const left = records.reduce((sum, record) => sum + (record.left ?? 0), 0);
  const tls = first.protocol === 'https' ? '; it went through TLS, and is shown here as it was inside' : '';
  const headComment = `${HEADERS}, and the HTTP head too, from its fields${tls}`;
  const bodyComment = left === 0 ? `${HEADERS}; these octets of the body are as received${tls}` : `${HEADERS}; the octets of the body were not kept, so the packet is cut short${tls}`;
  const opened = records.find(({ part }) => part === 'head')?.atMs ?? first.atMs;
  // Before a body that is not there, the head waits for a packet that is cut: of such a one, Wireshark
  // shows the head, and does not wait for the rest.
  let waiting: Uint8Array = NOTHING;
  for (const record of records) {
    const { part, atMs, sender, octets } = record;
    if (part === 'connected') conversation.open(atMs, opened);
    else if (part === 'head' && sender === 'server' && left > 0) waiting = octets;
    else if (part === 'head') conversation.send(atMs, sender, octets, headComment);
    else if (part === 'end') conversation.close(atMs);
    else if (left === 0) conversation.send(atMs, sender, octets, bodyComment);
    else {
      conversation.sendCut(atMs, sender, waiting, record.left ?? octets.byteLength, bodyComment);
      waiting = NOTHING;
    }
  }
}

/** Records that belong together: both messages of a DNS exchange, all of an HTTP connection. */
function conversations(wire: readonly WireRecord[]): readonly (readonly WireRecord[])[] {
  const groups = new Map<string, WireRecord[]>();
  for (const record of wire) {
    const key = record.protocol === 'dns' ? `dns ${record.transport} ${record.client.port}` : `http ${record.connection}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [record]);
    else group.push(record);
  }
  return [...groups.values()];
}

export function formatPcap(explanation: Explanation, wire: readonly WireRecord[]): Uint8Array {
  const startUs = Date.parse(explanation.startedAt) * 1000;
  const packets: Packet[] = [];
  const add: Add = (atMs, comment, frame) => packets.push({ atUs: Math.round(startUs + atMs * 1000), comment, ...frame(packets.length + 1) });
  for (const records of conversations(wire)) {
    const [first] = records;
    if (first?.protocol === 'dns') addDns(add, first.transport, first.client, first.server, records, `${HEADERS}; the DNS message is as it was sent`);
    else addHttp(add, records);
  }
  for (const told of toldExchanges(explanation.messages)) addTold(add, told);
  const sorted = packets.map((packet, index) => ({ packet, index })).sort((one, other) => one.packet.atUs - other.packet.atUs || one.index - other.index);
  return encodePcapng(sorted.map(({ packet }) => packet), {
    application: 'cdn fetch', interfaceName: 'rebuilt',
    comment: [`cdn fetch ${explanation.target}: rebuilt by the client from what it saw and was told; nothing here was captured.`, ...explanation.turns.map(turnLine), ...closingLines(explanation)].join('\n'),
  });
}
