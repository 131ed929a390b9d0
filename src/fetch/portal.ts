// The site's index: where the portal is (step 0), what it offers (messages 1 and 2), and which entry a
// title means.

import { closest } from '../base/similar.js';
import { CdnError } from '../base/errors.js';
import { RCODE, TYPE } from '../net/dns/message.js';
import { Name } from '../net/dns/name.js';
import { selectPort } from './answer.js';
import { partyError, reasonOf, type Reply } from './contact.js';
import { tellAnswer, type Get } from './http-get.js';
import type { Asking, Resolve } from './resolve.js';
import { printable } from './text.js';

export interface IndexEntry {
  readonly title: string;
  /** "/F1/". */
  readonly page: string;
  readonly content: URL;
  /** What transcripts call the object: "video1". */
  readonly object: string;
}

const MAX_INDEX_BYTES = 4 * 1024 * 1024;

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parseEntry(value: unknown): IndexEntry | undefined {
  if (!isRecord(value)) return undefined;
  const { title, page, content, object } = value;
  if (typeof title !== 'string' || typeof page !== 'string' || typeof content !== 'string' || typeof object !== 'string') return undefined;
  if (!URL.canParse(content)) return undefined;
  const url = new URL(content);
  const fetchable = (url.protocol === 'http:' || url.protocol === 'https:') && url.username === '' && url.password === '';
  return fetchable ? { title, page, content: url, object } : undefined;
}

/** The portal's index (NETWORK.md); undefined if it is not one, whole. */
export function parseIndex(text: string): readonly IndexEntry[] | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isRecord(value) || !Array.isArray(value['titles'])) return undefined;
  const entries: IndexEntry[] = [];
  for (const item of value['titles'] as readonly unknown[]) {
    const entry = parseEntry(item);
    if (entry === undefined) return undefined;
    entries.push(entry);
  }
  return entries;
}

function listTitles(entries: readonly IndexEntry[]): string {
  const shown = entries.slice(0, 8).map((entry) => printable(entry.title, 40));
  const more = entries.length - shown.length;
  if (shown.length === 0) return 'no titles at all';
  return shown.join(', ') + (more > 0 ? ` and ${more} more` : '');
}

/**
 * The entry of this title, letter case aside.
 * @throws CdnError NO_SUCH_TITLE with the nearest title; USAGE when no title was given
 */
export function selectEntry(entries: readonly IndexEntry[], site: string, title: string | undefined): IndexEntry {
  const suggest = (found: string): string => `cdn fetch ${site}/${printable(found, 80)}`;
  const [first] = entries;
  if (title === undefined) {
    throw new CdnError('USAGE', `${site} is a site, not a title; it has ${listTitles(entries)}`, {
      details: { site, titles: entries.map((entry) => printable(entry.title)) }, suggestions: first === undefined ? [] : [suggest(first.title)],
    });
  }
  const wanted = title.toLowerCase();
  // "F3" is a page of this site and as good as its title.
  const entry = entries.find((candidate) => [candidate.title, candidate.page.replaceAll('/', '')].some((name) => name.toLowerCase() === wanted));
  if (entry !== undefined) return entry;
  const near = closest(title, entries.map((candidate) => candidate.title));
  throw new CdnError('NO_SUCH_TITLE', `${site} has no title "${title}"${near === undefined ? '' : `; did you mean ${site}/${printable(near, 80)}?`} It has ${listTitles(entries)}`, {
    details: { site, title, titles: entries.map((candidate) => printable(candidate.title)) },
    suggestions: near !== undefined ? [suggest(near)] : first === undefined ? [] : [suggest(first.title)],
  });
}

async function readText(reply: Reply): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of reply.response.body) {
      bytes += chunk.length;
      if (bytes > MAX_INDEX_BYTES) throw new CdnError('PEER_PROTOCOL', `sends an index of more than ${MAX_INDEX_BYTES} bytes`);
      chunks.push(chunk);
    }
  } catch (error) {
    reply.response.discard();
    if (!(error instanceof CdnError)) throw error;
    throw partyError(error.code, 'portal', reply.url, reply.party.endpoint, reasonOf(error, reply.party.endpoint), error);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Step 0 and messages 1 and 2. */
export async function findTitle(site: string, title: string | undefined, tools: { resolve: Resolve; get: Get }, asking: Asking): Promise<IndexEntry> {
  const service = Name.parse(`_http._tcp.${site}`);
  const addresses = await tools.resolve.addresses(site, 'portal', asking);
  const answer = service === undefined ? undefined : await tools.resolve.ask(service, TYPE.SRV, 'portal', asking);
  const port = service !== undefined && answer?.rcode === RCODE.NOERROR ? selectPort(answer, service) : undefined;
  // Without an SRV record a site is where every web site is.
  const url = new URL(`http://${site}:${port ?? 80}/`);
  const endpoints = addresses.map((address) => ({ address, port: port ?? 80 }));
  const reply = await tools.get({ url, role: 'portal', fields: { accept: 'application/json' }, endpoints }, asking);
  const entries = parseIndex(await readText(reply));
  if (entries === undefined) {
    tellAnswer(reply, 'no index', asking);
    throw partyError('PEER_PROTOCOL', 'portal', reply.url, reply.party.endpoint, 'the answer is not an index in JSON');
  }
  const found = entries.find((entry) => entry.title.toLowerCase() === title?.toLowerCase());
  tellAnswer(reply, found === undefined ? `the index: ${listTitles(entries)}` : `the index: ${found.title}'s content is at ${found.content.href}`, asking);
  return selectEntry(entries, site, title);
}

