// Messages 4-7 happen between the local DNS and the authorities, out of the client's sight. The
// local DNS tells of them in its answer (NETWORK.md, EDNS option 65001); this makes story of it.

import { parseEndpoint } from '../net/address.js';
import type { Account, AccountedExchange } from '../net/dns/account.js';
import type { ExchangeResult } from '../net/dns/exchange.js';
import { formatRData, formatType } from '../net/dns/text.js';
import { RCODE, type DnsMessage, type Question, type ResourceRecord } from '../net/dns/message.js';
import type { Story } from './explain.js';
import type { Party, StoryMessage } from './model.js';

/** "hiscinema.com." -> "hiscinema.com"; the root stays ".". */
export function bareName(name: string): string {
  return name.length > 1 && name.endsWith('.') && !name.endsWith('\\.') ? name.slice(0, -1) : name;
}

export function formatRecordShort(record: ResourceRecord): string {
  return `${formatType(record.type)} ${bareName(formatRData(record.data))} (TTL ${record.ttl})`;
}

/** A master-file line without its owner and class: "file1.hiscinema.com. 300 IN CNAME file1.hercdn.com." -> "CNAME file1.hercdn.com (TTL 300)". */
function shorten(line: string, withTtl = true): string {
  const match = /^\S+\s+(\d+)\s+IN\s+(\S+)\s+(.+)$/.exec(line);
  if (match === null) return line;
  const [, ttl = '', type = '', data = ''] = match;
  return `${type} ${bareName(data)}${withTtl ? ` (TTL ${ttl})` : ''}`;
}

function formatAnswer(exchange: AccountedExchange): string {
  const got = exchange.records.map((line) => shorten(line)).join(', ');
  const answer = got === '' ? (exchange.rcode === 'NOERROR' ? 'NOERROR, no records' : exchange.rcode) : exchange.rcode === 'NOERROR' ? got : `${exchange.rcode}: ${got}`;
  const ignored = exchange.ignored ?? [];
  return ignored.length === 0 ? answer : `${answer}; not believed, out of bailiwick: ${ignored.map((line) => shorten(line, false)).join(', ')}`;
}

function party(role: string, endpoint: string): Party {
  return { role, endpoint: parseEndpoint(endpoint) };
}

function tellExchange(story: Story, exchange: AccountedExchange, askNumber: 4 | 6, askedAtMs: number): void {
  const local = party('local DNS', exchange.from);
  const authority = party(`authority of ${bareName(exchange.authority)}`, exchange.to);
  const facts = { ...exchange };
  const common = { sight: 'told', transport: exchange.transport, facts } as const;
  story.tell({
    ...common, number: askNumber, atMs: askedAtMs + exchange.at, from: local, to: authority,
    what: `${exchange.type}? ${bareName(exchange.name)} (RD=0)`,
  });
  story.tell({
    ...common, number: askNumber + 1, atMs: askedAtMs + exchange.at + exchange.ms, from: authority, to: local,
    what: formatAnswer(exchange),
  });
  story.phase({
    kind: 'dns', label: `${exchange.type}? ${bareName(exchange.name)}`, party: authority, sight: 'told',
    startMs: askedAtMs + exchange.at, endMs: askedAtMs + exchange.at + exchange.ms,
  });
}

function tellUnsent(story: Story, numbers: readonly number[], sight: 'not-sent' | 'not-visible', what: string, facts: StoryMessage['facts'] = {}): void {
  const nobody: Party = { role: 'local DNS', endpoint: undefined };
  for (const number of numbers) {
    const message: StoryMessage = {
      number, atMs: story.elapsedMs(), sight, from: nobody, to: nobody, transport: undefined, facts,
      what: `${sight === 'not-sent' ? 'not sent' : 'not visible'}: ${what}`,
    };
    story.tell(message);
  }
}

/** What messages 4-7 are when nobody tells of them. */
export function tellHidden(story: Story, why: string): void {
  tellUnsent(story, [4, 5, 6, 7], 'not-visible', why);
}

function lowestTtl(records: readonly ResourceRecord[]): number | undefined {
  return records.length === 0 ? undefined : Math.min(...records.map((record) => record.ttl));
}

function fromCache(records: readonly ResourceRecord[]): string {
  const ttl = lowestTtl(records);
  return `answered from the cache of the local DNS${ttl === undefined ? '' : `, TTL ${ttl} s left`}`;
}

/**
 * Tells messages 4-7 of one question. What was asked under the question's own name is 4 and 5; what
 * was asked for where that answer led is 6 and 7. An exchange that brought nothing isn't in an account;
 * `reasons` say what the local DNS failed on.
 */
export function tellAccount(story: Story, account: Account, question: Question, answer: DnsMessage, askedAtMs: number, reasons: readonly string[]): void {
  const name = bareName(question.name.toString()).toLowerCase();
  const isFirst = (exchange: AccountedExchange): boolean => bareName(exchange.name).toLowerCase() === name;
  const first = account.exchanges.filter(isFirst);
  const second = account.exchanges.filter((exchange) => !isFirst(exchange));
  const aliases = answer.answers.filter((record) => record.data.kind === 'CNAME');
  const others = answer.answers.filter((record) => record.data.kind !== 'CNAME');

  const failed = answer.rcode !== RCODE.NOERROR && answer.rcode !== RCODE.NXDOMAIN;
  const failure = reasons.length === 0 ? 'the local DNS does not say why it failed' : reasons.join('; ');

  for (const exchange of first) tellExchange(story, exchange, 4, askedAtMs);
  if (first.length === 0 && failed && second.length === 0) {
    tellUnsent(story, [4, 5, 6, 7], 'not-visible', failure);
    return;
  }
  if (first.length === 0) tellUnsent(story, [4, 5], 'not-sent', fromCache(aliases.length === 0 ? answer.answers : aliases), { cached: true });
  for (const exchange of second) tellExchange(story, exchange, 6, askedAtMs);
  if (second.length > 0) return;
  if (failed) {
    tellUnsent(story, [6, 7], 'not-visible', failure);
    return;
  }
  const led = aliases.length > 0 && others.length > 0;
  if (first.length === 0 || led) tellUnsent(story, [6, 7], 'not-sent', fromCache(led ? others : answer.answers), { cached: true });
  else tellUnsent(story, [6, 7], 'not-sent', 'the first authority’s answer was the last word');
}

/** One line of what a DNS answer says, for messages 8 and 0. */
export function formatDnsAnswer(result: ExchangeResult, rcode: string): string {
  const records = result.message.answers.map(formatRecordShort).join(', ');
  if (rcode !== 'NOERROR') return records === '' ? rcode : `${rcode}: ${records}`;
  return records === '' ? 'NOERROR, no such record' : records;
}
