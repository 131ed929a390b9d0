// The whole story as one value, from the events of a fetch: what every format of --explain is made of.

import { CdnError, messageOf } from '../../base/errors.js';
import { formatEndpoint } from '../../net/address.js';
import { printable } from '../text.js';
import type { FetchEvent, FetchReport, Party, Phase, StoryMessage, WireRecord } from '../model.js';
import { createTurn, isTurn, type Turn } from './turns.js';
import { formatCacheStep, parseCacheStatus, type CacheStep } from './cache-status.js';

export type Outcome =
  | { readonly kind: 'done'; readonly url: string; readonly file?: string; readonly bytes: number; readonly sha256?: string; readonly digest: FetchReport['digest'] }
  /** Of a trace: what DNS says. */
  | { readonly kind: 'answered'; readonly rcode: string; readonly records: readonly string[] }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string };

/** What a server's caches did with one request. */
export interface StoreCache {
  readonly endpoint: string;
  readonly steps: readonly CacheStep[];
}

export interface Failure {
  readonly atMs: number;
  readonly party: string;
  readonly endpoint: string | undefined;
  readonly why: string;
  /** Who was tried next, if anybody: the story goes on there. */
  readonly next: string | undefined;
}

/** docs/explain.schema.json describes its form; `version` changes when a reader of the old form would go wrong. */
export interface Explanation {
  readonly version: 1;
  readonly target: string;
  readonly traceId: string;
  /** RFC 3339; what the offsets count from. */
  readonly startedAt: string;
  readonly durationMs: number;
  readonly outcome: Outcome;
  readonly messages: readonly StoryMessage[];
  readonly waterfall: readonly Phase[];
  readonly caches: { readonly resolver: 'hit' | 'partial' | 'miss' | 'unknown'; readonly stores: readonly StoreCache[] };
  readonly failures: readonly Failure[];
  /** Failovers, retries and their like, in their order. */
  readonly turns: readonly Turn[];
  /** Where sight ends: what happened or may have happened, and nobody told. */
  readonly unseen: readonly string[];
}

/** Of a fetch that was done, its report; of a trace, the answer; otherwise what it failed on. */
export type ExplainEnd =
  | { readonly report: FetchReport }
  | { readonly answered: { readonly rcode: string; readonly records: readonly string[] } }
  | { readonly error: unknown };

export interface Explainer {
  hear(event: FetchEvent): void;
  finish(end: ExplainEnd): Explanation;
  /** What went over the wire, in the order in which it was told; bodies only if they are kept. */
  readonly wire: readonly WireRecord[];
  readonly atWallMs: number;
}

function partyName(party: Party): string {
  return party.endpoint === undefined ? party.role : `${party.role} ${formatEndpoint(party.endpoint)}`;
}

const isAsked = (message: StoryMessage): boolean => [0, 1, 3, 9].includes(message.number) && typeof message.facts['failed'] === 'string';

/** Each failure, and whom the next question of the same kind went to. */
function findFailures(messages: readonly StoryMessage[]): readonly Failure[] {
  return messages.flatMap((message, index) => {
    if (!isAsked(message)) return [];
    const next = messages.slice(index + 1).find((later) => later.number === message.number && later.from.role === message.from.role);
    return [{
      atMs: message.atMs, party: message.to.role, endpoint: message.to.endpoint && formatEndpoint(message.to.endpoint),
      why: String(message.facts['failed']), next: next && partyName(next.to),
    }];
  });
}

function resolverCache(messages: readonly StoryMessage[]): Explanation['caches']['resolver'] {
  const answers = messages.filter(({ number, facts }) => number === 8 && (facts['rcode'] === 'NOERROR' || facts['rcode'] === 'NXDOMAIN'));
  if (answers.some(({ facts }) => facts['cached'] === true)) return 'hit';
  if (!answers.some(({ facts }) => facts['cached'] === false)) return 'unknown';
  return messages.some(({ sight, facts }) => sight === 'not-sent' && facts['cached'] === true) ? 'partial' : 'miss';
}

function fieldsOf(message: StoryMessage): Readonly<Record<string, unknown>> | undefined {
  const fields = message.facts['fields'];
  return typeof fields === 'object' && fields !== null ? { ...fields } : undefined;
}

function storeCaches(messages: readonly StoryMessage[]): readonly StoreCache[] {
  return messages.flatMap((message) => {
    const field = fieldsOf(message)?.['cache-status'];
    const steps = typeof field === 'string' ? parseCacheStatus(field) : [];
    return message.number !== 10 || steps.length === 0 || message.from.endpoint === undefined ? [] : [{ endpoint: formatEndpoint(message.from.endpoint), steps }];
  });
}

function findUnseen(messages: readonly StoryMessage[]): readonly string[] {
  const dns = messages.filter(({ sight }) => sight === 'not-visible').map(({ what }) => `messages 4 to 7: ${what.replace(/^not visible: /, '')}`);
  const stores = messages.flatMap((message) => {
    const fields = fieldsOf(message);
    const mute = message.number === 10 && fields !== undefined && fields['cache-status'] === undefined;
    return mute ? [`behind ${partyName(message.from)}: it does not say (no Cache-Status) whether it had the object or got it from elsewhere`] : [];
  });
  return [...new Set([...dns, ...stores])];
}

function readOutcome(end: ExplainEnd): Outcome {
  if ('error' in end) return { kind: 'failed', code: end.error instanceof CdnError ? end.error.code : 'BUG', message: printable(messageOf(end.error), 2000) };
  if ('answered' in end) return { kind: 'answered', rcode: end.answered.rcode, records: end.answered.records };
  const { url, file, bytes, sha256, digest } = end.report;
  return { kind: 'done', url, ...(file !== undefined && { file }), bytes, ...(sha256 !== undefined && { sha256 }), digest };
}

/** Octets of bodies that are kept at most, all together: what is larger is told without them. */
const MAX_KEPT_OCTETS = 8 * 1024 * 1024;

export function createExplainer(target: string, options: { readonly keepBodies?: boolean; readonly mostOctets?: number } = {}): Explainer {
  const messages: StoryMessage[] = [];
  const phases: Phase[] = [];
  const wire: WireRecord[] = [];
  const turns: Turn[] = [];
  let begun: { readonly traceId: string; readonly atWallMs: number } = { traceId: '', atWallMs: 0 };
  let keptOctets = 0;

  const keep = (record: WireRecord): WireRecord => {
    if (record.part !== 'body') return record;
    keptOctets += record.octets.byteLength;
    const kept = options.keepBodies === true && keptOctets <= (options.mostOctets ?? MAX_KEPT_OCTETS);
    return kept ? { ...record, octets: record.octets.slice() } : { ...record, octets: new Uint8Array(0), left: record.octets.byteLength };
  };

  return {
    wire,
    get atWallMs() {
      return begun.atWallMs;
    },
    hear: (event) => {
      if (event.kind === 'begun') begun = event;
      else if (event.kind === 'message') messages.push(event.message);
      else if (isTurn(event)) turns.push(createTurn(event, messages.length));
      else if (event.kind === 'phase') phases.push(event.phase);
      else if (event.kind === 'wire' && options.keepBodies !== undefined) wire.push(keep(event.record));
    },
    finish: (end) => ({
      version: 1,
      target: printable(target, 2000),
      traceId: begun.traceId,
      startedAt: new Date(begun.atWallMs).toISOString(),
      durationMs: Math.max('report' in end ? end.report.durationMs : 0, 0, ...messages.map(({ atMs }) => atMs), ...turns.map(({ atMs }) => atMs), ...phases.map(({ endMs }) => endMs)),
      outcome: readOutcome(end),
      messages,
      waterfall: [...phases].sort((one, other) => one.startMs - other.startMs || other.endMs - one.endMs),
      caches: { resolver: resolverCache(messages), stores: storeCaches(messages) },
      failures: findFailures(messages),
      turns,
      unseen: findUnseen(messages),
    }),
  };
}

/** What is to be said after the messages, a line each. */
export function closingLines(explanation: Explanation): readonly string[] {
  const { caches, failures, unseen, traceId } = explanation;
  const resolver = { hit: 'answered from its cache', partial: 'had part of it in its cache', miss: 'had nothing of it in its cache', unknown: 'does not say' }[caches.resolver];
  const asked = explanation.messages.some(({ number }) => number === 8) && explanation.outcome.kind !== 'failed';
  return [
    ...(asked ? [`Cache of the local DNS: ${resolver}`] : []),
    ...caches.stores.map(({ endpoint, steps }) => `Caches behind ${endpoint}: ${steps.map(formatCacheStep).join('; ')}`),
    ...failures.map(({ party, endpoint, why, next }) => `Failed: ${party}${endpoint === undefined ? '' : ` ${endpoint}`}, ${why}${next === undefined ? '' : `; went on with ${next}`}`),
    ...unseen.map((what) => `Not seen, ${what}`),
    `Trace ID: ${traceId}`,
  ];
}
