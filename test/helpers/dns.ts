// For tests of the DNS parties: zones and questions as text, a clock that stands still, and authorities
// that are called instead of being sent datagrams.

import type { Clock } from '../../src/base/clock.js';
import { CdnError } from '../../src/base/errors.js';
import { parseZone } from '../../src/dns/zone-file.js';
import type { ZoneProblem } from '../../src/dns/zone-draft.js';
import type { Zone } from '../../src/dns/zone.js';
import { formatEndpoint, type Endpoint } from '../../src/net/address.js';
import { createQuery, createResponse } from '../../src/net/dns/build.js';
import { createEdns } from '../../src/net/dns/edns.js';
import type { DnsExchange } from '../../src/net/dns/exchange.js';
import type { DnsHandler, DnsMessage, DnsReply, EdnsOption, Peer, ResourceRecord } from '../../src/net/dns/message.js';
import { Name } from '../../src/net/dns/name.js';
import { formatRcode, formatRecord, parseRData, parseType } from '../../src/net/dns/text.js';

export function nameOf(text: string): Name {
  const name = Name.parse(text);
  if (!name) throw new Error(`no name: ${text}`);
  return name;
}

export function typeOf(text: string): number {
  const type = parseType(text);
  if (type === undefined) throw new Error(`no type: ${text}`);
  return type;
}

/** "file1.hercdn.com. 20 A 127.0.0.1" */
export function recordOf(line: string): ResourceRecord {
  const [owner = '', ttl = '', typeText = '', ...data] = line.split(' ');
  const type = typeOf(typeText);
  const parsed = parseRData(type, data.map((text) => ({ text, quoted: false })), Name.root);
  if (parsed.kind === 'error') throw new Error(`${line}: ${parsed.why}`);
  return { name: nameOf(owner), type, class: 1, ttl: Number(ttl), data: parsed.data };
}

export function zoneOf(text: string): Zone {
  const built = parseZone(text);
  if (built.kind === 'invalid') throw new Error(built.problems.map(({ at, text: what }) => `${at?.line}:${at?.column} ${what}`).join('\n'));
  return built.zone;
}

/** "line:column text", in the order of the file; no position: just the text. Of a zone that is served "warning: " and the same. */
export function problemsOf(text: string): readonly string[] {
  const built = parseZone(text);
  const place = ({ at, text: what }: ZoneProblem): string => (at ? `${at.line}:${at.column} ${what}` : what);
  return built.kind === 'zone' ? built.warnings.map((warning) => `warning: ${place(warning)}`) : built.problems.map(place);
}

export interface AskOptions {
  readonly recursionDesired?: boolean;
  readonly rrClass?: number;
  readonly remote?: string;
  readonly transport?: 'udp' | 'tcp';
  /** Absent: a query without EDNS. */
  readonly options?: readonly EdnsOption[];
}

/** Calls a handler with the question "A file1.hiscinema.com". */
export async function ask(handler: DnsHandler, question: string, options: AskOptions = {}): Promise<DnsMessage> {
  return single(await askAnything(handler, question, options));
}

/** The same for what may be no answer at all, or many messages. */
export async function askAnything(handler: DnsHandler, question: string, options: AskOptions = {}): Promise<DnsReply> {
  const [type = '', owner = ''] = question.split(' ');
  const message = createQuery({
    name: nameOf(owner),
    type: typeOf(type),
    class: options.rrClass ?? 1,
    id: 4242,
    recursionDesired: options.recursionDesired ?? true,
    edns: options.options && createEdns({ options: options.options }),
  });
  const asked = message.questions[0];
  if (!asked) throw new Error('no question');
  const peer: Peer = { remote: { address: options.remote ?? '127.0.0.1', port: 57_797 }, local: { address: '127.0.0.1', port: 53 }, transport: options.transport ?? 'udp' };
  return handler({ message, question: asked }, peer);
}

/** The one message of a handler that has answered with one. */
export function single(reply: DnsReply): DnsMessage {
  if ('messages' in reply || 'shared' in reply) throw new Error('the handler has not answered with a single message');
  return reply;
}

/** All that a table of cases looks at, section by section: "NOERROR aa; file1… CNAME …; ; ". */
export function summary(message: DnsMessage): string {
  const flags = [message.authoritative ? 'aa' : '', message.recursionAvailable ? 'ra' : ''].filter((flag) => flag !== '').join(' ');
  const section = (records: readonly ResourceRecord[]): string => records.map((record) => formatRecord(record).replace(' IN ', ' ')).join(' + ');
  const sections = [message.answers, message.authorities, message.additionals].map(section);
  while (sections.at(-1) === '') sections.pop();
  return [`${formatRcode(message.rcode)}${flags === '' ? '' : ` ${flags}`}`, ...sections].join(' | ');
}

export interface HandClock extends Clock {
  /** Lets time go by; what was due on the way runs. */
  advance(ms: number): void;
  /** How many timers are set. */
  waiting(): number;
}

export function createHandClock(): HandClock {
  let now = 1_000_000;
  let timers: { at: number; run: () => void }[] = [];
  const after = (ms: number, run: () => void): (() => void) => {
    const timer = { at: now + ms, run };
    timers.push(timer);
    return () => {
      timers = timers.filter((other) => other !== timer);
    };
  };
  return {
    now: () => now,
    monotonic: () => now,
    after,
    sleep: (ms) => new Promise((resolve) => after(ms, resolve)),
    waiting: () => timers.length,
    advance: (ms) => {
      now += ms;
      const due = timers.filter(({ at }) => at <= now);
      timers = timers.filter(({ at }) => at > now);
      for (const { run } of due) run();
    },
  };
}

export interface Wiring {
  readonly exchange: DnsExchange;
  /** "127.0.0.1:1 A file1.hiscinema.com." for each query that was sent, in order. */
  readonly sent: readonly string[];
  /** The queries themselves. */
  readonly queries: readonly DnsMessage[];
}

/** An exchange that calls the handler of an endpoint; one without a handler doesn't answer. */
export function wire(handlers: Readonly<Record<string, DnsHandler>>): Wiring {
  const sent: string[] = [];
  const queries: DnsMessage[] = [];
  const exchange: DnsExchange = async (server, query) => {
    const [question] = query.questions;
    if (!question) throw new Error('no question');
    sent.push(`${formatEndpoint(server)} ${question.type} ${question.name.toString()}`);
    queries.push(query);
    const handler = handlers[formatEndpoint(server)];
    if (!handler) throw new CdnError('DNS_UNREACHABLE', `${formatEndpoint(server)} did not answer`);
    const local: Endpoint = { address: '127.0.0.1', port: 50_000 + sent.length };
    const message = single(await handler({ message: query, question }, { remote: local, local: server, transport: 'udp' }));
    return { message, transport: 'udp', local, remote: server, durationMs: 1 };
  };
  return { exchange, sent, queries };
}

/** An authority that gives the same sections to whatever it is asked. */
export function scripted(over: { readonly rcode?: number; readonly authoritative?: boolean; readonly answers?: readonly string[]; readonly authorities?: readonly string[]; readonly additionals?: readonly string[]; readonly rrClass?: number }): DnsHandler {
  return (query) =>
    createResponse(query.message, {
      rcode: over.rcode ?? 0,
      authoritative: over.authoritative ?? true,
      answers: (over.answers ?? []).map((line) => ({ ...recordOf(line), class: over.rrClass ?? 1 })),
      authorities: (over.authorities ?? []).map(recordOf),
      additionals: (over.additionals ?? []).map(recordOf),
    });
}
