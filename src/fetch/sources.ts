// Whom to ask for a part of the object: candidates in turn, asked of DNS again when they get fewer, with
// pauses between rounds; and each answer judged before a byte of it is taken.

import type { Clock } from '../base/clock.js';
import { CdnError, ERRORS } from '../base/errors.js';
import { formatEndpoint, type Endpoint } from '../net/address.js';
import { createCandidates, type Candidate } from './candidates.js';
import { partyError, roleOf, type Role } from './contact.js';
import type { Found, Get, Locate } from './http-get.js';
import { judge, type Judgement } from './judge.js';
import type { FetchEvent, RangeRequest } from './model.js';
import { requestObject } from './reply.js';
import type { Asking } from './resolve.js';
import { printable } from './text.js';
import type { Version } from './version.js';

export interface Answer {
  readonly found: Found;
  readonly candidate: Candidate;
  readonly fit: Extract<Judgement, { kind: 'fits' }>;
}

/** The bytes that are here can't be added to: all of it is to be fetched anew. */
export class StartOver extends Error {
  override readonly name = 'StartOver';
  /** An answer with the whole of the other version, still to be read. */
  readonly answer: Answer | undefined;

  constructor(why: string, answer?: Answer) {
    super(why);
    this.answer = answer;
  }
}

export interface SourceOptions {
  readonly url: URL;
  readonly role: Role | undefined;
  readonly fields: Readonly<Record<string, string>>;
  /** Rounds after the first in which everybody is asked once; undefined: none before a byte came, some after. */
  readonly retries: number | undefined;
  readonly retryDelayMs: number | undefined;
}

export interface Sources {
  /**
   * An answer that fits. undefined when nobody is left to ask now, and `alone` says that others are at work.
   * @throws StartOver, or the last CdnError when nobody is left at all
   */
  ask(range: RangeRequest | undefined, version: Version | undefined, alone: () => boolean, asking: Asking): Promise<Answer | undefined>;
  /** What came of an answer's body. */
  failed(candidate: Candidate, error: CdnError): void;
  /** Bytes came: patience is renewed. */
  progressed(): void;
  /** Whoever was left for its version may be asked again. */
  forgetVersions(): void;
  /** Whether another candidate, or another round, would be there to ask. */
  hasMore(): boolean;
  readonly stores: readonly Candidate[];
}

/** With pauses of 0.5, 1, 2, 4, 8 and 8 seconds these outlast the 20 s for which an answer about a routed name is kept. */
const RETRIES_AFTER_PROGRESS = 6;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 8000;
/** Who asks to be left alone for longer is taken at its word: later. */
const LONGEST_RETRY_AFTER_MS = 600_000;
/** RFC 9110: the same request may succeed some time later. */
const PASSING: readonly number[] = [408, 425, 429, 500, 502, 503, 504];

function formatRange(range: RangeRequest): string {
  return 'suffix' in range ? `bytes=-${range.suffix}` : `bytes=${range.firstPos}-${range.lastPos ?? ''}`;
}

export function createSources(options: SourceOptions, tools: { get: Get; locate: Locate; clock: Clock }, onEvent: (event: FetchEvent) => void): Sources {
  const { clock } = tools;
  let { url } = options;
  let candidates = createCandidates(clock);
  let located = false;
  let expiresMs = Infinity;
  let rounds = 0;
  let progress = false;
  let cameAny = false;
  let changed: string | undefined;
  const leftForVersion = new Set<Candidate>();

  async function locate(asking: Asking): Promise<number> {
    const { endpoints, ttlSeconds } = await tools.locate(url, options.role ?? roleOf(url), asking);
    located = true;
    expiresMs = clock.monotonic() + ttlSeconds * 1000;
    return candidates.add(endpoints);
  }

  function allowedRounds(): number {
    return options.retries ?? (progress ? RETRIES_AFTER_PROGRESS : 0);
  }

  /** Everybody was asked in vain. */
  async function nextRound(asking: Asking): Promise<void> {
    const stale = expiresMs !== Infinity && (progress || clock.monotonic() >= expiresMs);
    // What DNS can't say now it said before.
    if (stale && (await locate(asking).catch(() => 0)) > 0) return;
    asking.signal.throwIfAborted();
    const last = candidates.lastError ?? new CdnError('NO_SUCH_NAME', `${url.hostname} has no address`);
    // Whoever can be reached has another version: whoever can't be won't have the old one for long.
    if (changed !== undefined) throw new StartOver(changed);
    if (!candidates.anyLeft) throw last;
    await pauseBefore(last, asking);
    candidates.newRound();
  }

  /** @throws the error when there is no patience left */
  async function pauseBefore(last: CdnError, asking: Asking): Promise<void> {
    if (rounds >= allowedRounds()) throw last;
    const pause = Math.min(LONGEST_PAUSE_MS, (options.retryDelayMs ?? FIRST_PAUSE_MS) * 2 ** rounds);
    const told = candidates.anyLeft ? candidates.notBeforeMs - clock.monotonic() : 0;
    if (told > LONGEST_RETRY_AFTER_MS) throw last;
    const waitMs = Math.max(options.retryDelayMs === undefined ? pause : Math.max(options.retryDelayMs, pause), told);
    rounds += 1;
    onEvent({ kind: 'retry', inMs: Math.round(waitMs), attempt: rounds, of: allowedRounds(), why: last.message });
    await clock.sleep(waitMs, asking.signal);
  }

  /** Where to ask at all: DNS, too, may be away for a moment. */
  async function locateFirst(asking: Asking): Promise<void> {
    while (!located) {
      try {
        await locate(asking);
      } catch (error) {
        asking.signal.throwIfAborted();
        if (!(error instanceof CdnError) || !error.retry) throw error;
        await pauseBefore(error, asking);
      }
    }
  }

  function hear(error: CdnError, ready: readonly Candidate[]): void {
    const { address, port, status, retryAfter } = error.details;
    const named = typeof address === 'string' && typeof port === 'number' ? { address, port } : undefined;
    const candidate = ready.find(({ endpoint }) => endpoint.address === named?.address && endpoint.port === named.port) ?? ready[0];
    if (candidate === undefined) throw error;
    const passing = error.code === 'PEER_REFUSED' ? typeof status === 'number' && PASSING.includes(status) : ERRORS[error.code].retry;
    candidates.failed(candidate, error, { out: !passing, ...(typeof retryAfter === 'number' ? { retryAfterMs: retryAfter * 1000 } : {}) });
    if (candidates.ready().length > 0) onEvent({ kind: 'failed-over', from: candidate.endpoint, why: error.message, keeps: cameAny });
  }

  function follow(found: Found): void {
    if (found.redirects === 0) return;
    // From here on whoever was sent to is asked, and not whoever sent us.
    url = found.url;
    candidates = createCandidates(clock);
    candidates.add(found.endpoints);
    expiresMs = clock.monotonic() + found.ttlSeconds * 1000;
  }

  function fieldsFor(range: RangeRequest | undefined, version: Version | undefined): Readonly<Record<string, string>> {
    if (range === undefined) return options.fields;
    // RFC 9110 §13.1.5. Stores with different ETags for one file are told apart by the digest instead: If-Range would make each send all of it.
    const condition = version?.etag !== undefined && version.sha256 === undefined ? { 'if-range': version.etag } : {};
    return { ...options.fields, range: formatRange(range), ...condition };
  }

  async function ask(range: RangeRequest | undefined, version: Version | undefined, alone: () => boolean, asking: Asking): Promise<Answer | undefined> {
    await locateFirst(asking);
    for (;;) {
      const ready = candidates.ready();
      if (ready.length === 0) {
        if (!alone()) return undefined;
        await nextRound(asking);
        continue;
      }
      const answer = await askOnce(range, version, ready, asking);
      if (answer !== undefined) return answer;
    }
  }

  async function askOnce(range: RangeRequest | undefined, version: Version | undefined, ready: readonly Candidate[], asking: Asking): Promise<Answer | undefined> {
    const onUnreachable = (endpoint: Endpoint, error: CdnError): void => candidates.failed(candidates.of(endpoint), error);
    let found: Found;
    try {
      found = await requestObject({ url, role: options.role, fields: fieldsFor(range, version), accept: range === undefined ? [200] : [200, 206, 416], endpoints: ready.map(({ endpoint }) => endpoint), onUnreachable }, tools.get, asking);
    } catch (error) {
      asking.signal.throwIfAborted();
      if (!(error instanceof CdnError)) throw error;
      hear(error, ready);
      return undefined;
    }
    follow(found);
    const candidate = candidates.of(found.party.endpoint);
    // RFC 9110 §15.5.17: with nothing held there is no version that it can be too short for.
    if (found.response.status === 416 && version === undefined) {
      found.response.discard();
      const there = found.response.fields['content-range'];
      candidates.failed(candidate, partyError('PEER_REFUSED', found.party.role, found.url, found.party.endpoint, `answered 416: the range is not there${there === undefined ? '' : ` (${printable(there, 80)})`}`), { out: true });
      return undefined;
    }
    const fit = judge(found.response.status, found.response.fields, { range, version });
    if (fit.kind === 'fits') return { found, candidate, fit };
    const why = `${formatEndpoint(candidate.endpoint)}: ${printable(fit.why)}`;
    if (fit.kind === 'other-version') {
      changed = why;
      leftForVersion.add(candidate);
    }
    const error = partyError(fit.kind === 'lies' ? 'PEER_PROTOCOL' : 'INCOMPLETE', found.party.role, found.url, found.party.endpoint, printable(fit.why));
    candidates.failed(candidate, error, { out: fit.kind === 'other-version' });
    if (fit.kind === 'other-version' && fit.whole && candidates.ready().length === 0 && candidates.all.every(({ lanes }) => lanes === 0)) {
      const whole = judge(200, found.response.fields, { range: undefined, version: undefined });
      if (whole.kind === 'fits') throw new StartOver(why, { found, candidate, fit: whole });
    }
    found.response.discard();
    onEvent({ kind: 'failed-over', from: candidate.endpoint, why: error.message, keeps: cameAny });
    return undefined;
  }

  return {
    ask,
    failed: (candidate, error) => {
      candidates.failed(candidate, error);
      onEvent({ kind: 'failed-over', from: candidate.endpoint, why: error.message, keeps: cameAny });
    },
    progressed: () => {
      progress = true;
      cameAny = true;
      rounds = 0;
    },
    forgetVersions: () => {
      for (const candidate of leftForVersion) candidate.out = false;
      leftForVersion.clear();
      candidates.newRound();
      changed = undefined;
    },
    hasMore: () => candidates.ready().length > 0 || (candidates.anyLeft && rounds < (options.retries ?? 0)),
    get stores() {
      return candidates.all.filter(({ bytes }) => bytes > 0);
    },
  };
}
