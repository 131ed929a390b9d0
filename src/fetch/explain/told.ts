// The messages that the local DNS told of, as DNS messages again: what it said of them is all there is in them.

import type { Endpoint } from '../../net/address.js';
import { parseEndpoint } from '../../net/address.js';
import { createQuery, createResponse } from '../../net/dns/build.js';
import { CLASS, TYPE, type DnsMessage, type ResourceRecord } from '../../net/dns/message.js';
import { Name } from '../../net/dns/name.js';
import { RCODE_WORDS } from '../../net/dns/mnemonics.js';
import { parseRData, parseType } from '../../net/dns/text.js';
import type { StoryMessage } from '../model.js';

export interface ToldExchange {
  readonly atMs: number;
  readonly endMs: number;
  readonly transport: 'udp' | 'tcp';
  readonly resolver: Endpoint;
  readonly authority: Endpoint;
  readonly query: DnsMessage;
  readonly response: DnsMessage;
}

/** Words and quoted strings (RFC 1035 §5.1), as formatRecord writes them: on one line, without comments. */
function tokens(text: string): readonly { readonly text: string; readonly quoted: boolean }[] {
  return Array.from(text.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g), ([, quoted, word]) => ({ text: quoted ?? word ?? '', quoted: quoted !== undefined }));
}

/** "file1.hercdn.com. 20 IN A 127.0.0.1"; undefined for what can't be read. */
export function parseRecordLine(line: string): ResourceRecord | undefined {
  const [owner, ttl, , typeWord, ...data] = tokens(line);
  const name = Name.parse(owner?.text ?? '');
  const type = parseType(typeWord?.text ?? '');
  const root = Name.parse('.');
  if (name === undefined || type === undefined || root === undefined || ttl === undefined || !/^\d{1,10}$/.test(ttl.text)) return undefined;
  const parsed = parseRData(type, data, root);
  return parsed.kind === 'data' ? { name, type, class: CLASS.IN, ttl: Number(ttl.text), data: parsed.data } : undefined;
}

function records(lines: unknown): readonly ResourceRecord[] {
  return Array.isArray(lines) ? lines.flatMap((line: unknown) => (typeof line === 'string' ? (parseRecordLine(line) ?? []) : [])) : [];
}

/** Which section each record was in isn't told: an answer is for the name that was asked, or for where its aliases lead. */
function sections(name: Name, all: readonly ResourceRecord[]): Pick<DnsMessage, 'answers' | 'authorities' | 'additionals'> {
  const wanted = new Set([name.key]);
  for (const { name: owner, data } of all) if (data.kind === 'CNAME' && wanted.has(owner.key)) wanted.add(data.target.key);
  const isAnswer = (record: ResourceRecord): boolean => wanted.has(record.name.key);
  const isAuthority = ({ type }: ResourceRecord): boolean => type === TYPE.NS || type === TYPE.SOA;
  return {
    answers: all.filter(isAnswer),
    authorities: all.filter((record) => !isAnswer(record) && isAuthority(record)),
    additionals: all.filter((record) => !isAnswer(record) && !isAuthority(record)),
  };
}

function readTold({ atMs, facts }: StoryMessage, id: number): ToldExchange | undefined {
  const text = (key: string): string => (typeof facts[key] === 'string' ? facts[key] : '');
  const [resolver, authority] = [parseEndpoint(text('from')), parseEndpoint(text('to'))];
  const name = Name.parse(text('name'));
  const [type, rcode] = [parseType(text('type')), RCODE_WORDS.parse(text('rcode'))];
  if (resolver === undefined || authority === undefined || name === undefined || type === undefined || rcode === undefined) return undefined;
  const query = createQuery({ name, type, id, recursionDesired: false });
  const response = createResponse(query, { rcode, ...sections(name, [...records(facts['records']), ...records(facts['ignored'])]) });
  const ms = typeof facts['ms'] === 'number' ? facts['ms'] : 0;
  return { atMs, endMs: atMs + ms, transport: facts['transport'] === 'tcp' ? 'tcp' : 'udp', resolver, authority, query, response };
}

/** Numbered from 1 in their IDs, since theirs were not told. */
export function toldExchanges(messages: readonly StoryMessage[]): readonly ToldExchange[] {
  return messages.filter(({ sight, number }) => sight === 'told' && (number === 4 || number === 6)).flatMap((message, index) => readTold(message, index + 1) ?? []);
}
