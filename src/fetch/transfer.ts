// The object's bytes, from as many stores over as many connections as it takes: parts are handed out to
// lanes, each byte is written once, and all of them together are judged at the end.

import { setMaxListeners } from 'node:events';
import type { Clock } from '../base/clock.js';
import { CdnError } from '../base/errors.js';
import { formatBytes, formatRate } from '../base/units.js';
import type { Endpoint } from '../net/address.js';
import type { ByteRange } from '../net/http/range.js';
import { createAssignments, LEAST_PART_OCTETS, type Assignments, type Part } from './assignments.js';
import { ByteSet } from './byte-set.js';
import type { Reply } from './contact.js';
import { createFileHasher, createStreamHasher, type Hasher } from './hasher.js';
import type { FetchEvent, RangeRequest } from './model.js';
import { createThrottle, watchSpeed, type SpeedLimit } from './pace.js';
import { brokeOff, mismatch } from './reply.js';
import type { Asking } from './resolve.js';
import { StartOver, type Answer, type Sources } from './sources.js';
import { printable } from './text.js';
import { promisedContentSha256 } from './verify.js';
import { canBeContinued, type Version } from './version.js';
import type { Sink } from './writing.js';

export interface TransferOptions {
  /** What transcripts call it. */
  readonly object: string;
  /** Connections at a time. */
  readonly parallel: number;
  /** The part that is wanted; undefined: all. */
  readonly range: RangeRequest | undefined;
  readonly limitBytesPerSecond: number | undefined;
  readonly speedLimit: SpeedLimit | undefined;
  /** The SHA-256 that the whole must have, in hexadecimal. */
  readonly sha256: string | undefined;
}

export interface Received {
  /** The answer that the bytes began with. */
  readonly reply: Reply;
  readonly redirects: number;
  /** Of the file, and how many of them an earlier run had brought. */
  readonly bytes: number;
  readonly resumedBytes: number;
  /** Of the file; undefined when nothing was promised, and so nothing computed. */
  readonly sha256: string | undefined;
  readonly stores: readonly { readonly endpoint: Endpoint; readonly bytes: number }[];
  /** From the head of the first answer to the last byte. */
  readonly transferMs: number;
}

const MAX_RESTARTS = 3;
/** Larger than any file: the end of one whose length nobody said. */
const UNKNOWN_END = Number.MAX_SAFE_INTEGER - 1;
/** Ends a lane whose part has come, by itself or by another lane. */
const DONE = new Error('the part is here');

interface Lane {
  readonly id: number;
  readonly part: Part;
  /** Its first byte. */
  readonly first: number;
  readonly stop: AbortController;
  /** Who sends it. */
  from?: Endpoint;
}

/**
 * Brings the bytes into the sink and commits it when all is right. Otherwise the sink's final name stays
 * free, and the error says where what arrived is kept.
 * @throws CdnError; the signal's reason
 */
export async function transfer(options: TransferOptions, sources: Sources, sink: Sink, onEvent: (event: FetchEvent) => void, clock: Clock, asking: Asking): Promise<Received> {
  let begunMs: number | undefined;
  const throttle = options.limitBytesPerSecond === undefined ? undefined : createThrottle(options.limitBytesPerSecond, clock);
  let version: Version | undefined = sink.leftover?.version;
  let have = leftoverBytes(sink, options.range);
  let hasher: Hasher | undefined;
  let first: Answer | undefined;
  let base = options.range !== undefined && !('suffix' in options.range) ? options.range.firstPos : 0;
  let within: ByteRange = { firstPos: base, lastPos: UNKNOWN_END };
  let ofPart: string | undefined;
  let resumedBytes = 0;
  const lanes = new Set<Lane>();

  /** What to ask for first: what is missing, or all that is wanted. */
  function firstRange(): RangeRequest | undefined {
    const from = have.firstMissing(base);
    if (from === base) return options.range;
    const last = options.range !== undefined && !('suffix' in options.range) ? options.range.lastPos : undefined;
    return { firstPos: from, lastPos: last };
  }

  /** The first answer says what there is to fetch. */
  function settle(answer: Answer): void {
    const { fit } = answer;
    version = version === undefined ? fit.version : { etag: version.etag ?? fit.version.etag, length: version.length ?? fit.version.length, sha256: version.sha256 ?? fit.version.sha256 };
    const { range } = options;
    const end = version.length === undefined ? UNKNOWN_END : version.length - 1;
    if (range !== undefined && 'suffix' in range) base = version.length === undefined ? fit.firstPos : Math.max(0, version.length - range.suffix);
    within = { firstPos: base, lastPos: Math.min(end, range !== undefined && !('suffix' in range) ? (range.lastPos ?? end) : end) };
    // A digest of the whole says nothing of a part; one of this very content does, if the content is all that is wanted.
    ofPart = range !== undefined && fit.firstPos === within.firstPos && fit.lastPos === within.lastPos ? promisedContentSha256(answer.found.response.fields) : undefined;
    const expected = expectedDigest();
    if (expected !== undefined && hasher === undefined) hasher = sink.fd === undefined ? createStreamHasher() : createFileHasher(sink.fd);
    const total = within.lastPos === UNKNOWN_END ? undefined : within.lastPos - base + 1;
    begunMs ??= clock.monotonic();
    onEvent({ kind: 'transfer', object: options.object, totalBytes: total });
    sink.begin(version, have.ranges, total);
    if (sink.leftover !== undefined && sink.leftover.version === undefined && have.size > 0 && expected === undefined) onEvent({ kind: 'unproven', bytes: have.size });
    resumedBytes = have.size;
    if (resumedBytes > 0) onEvent({ kind: 'resumed', bytes: resumedBytes });
  }

  function expectedDigest(): string | undefined {
    return options.range === undefined ? (options.sha256 ?? version?.sha256) : ofPart;
  }

  /** Writes what is missing of a piece whose first byte is at `from`. */
  function accept(piece: Buffer, from: number, lane: Lane, answer: Answer): void | Promise<void> {
    const gaps = have.missing({ firstPos: Math.max(from, within.firstPos), lastPos: Math.min(from + piece.length - 1, within.lastPos) });
    let writing: Promise<void> | undefined;
    for (const gap of gaps) {
      const part = piece.subarray(gap.firstPos - from, gap.lastPos - from + 1);
      const put = (): void | Promise<void> => {
        const busy = sink.write(part, gap.firstPos - base);
        if (busy === undefined) return note(part, gap, lane, answer);
        return busy.then(() => note(part, gap, lane, answer));
      };
      if (writing !== undefined) writing = writing.then(put);
      else writing = put() ?? undefined;
    }
    const waitMs = throttle?.spend(piece.length) ?? 0;
    const ended = (): void => {
      lane.part.at = have.firstMissing(lane.part.at);
      // What ends by itself leaves its connection for others.
      if (lane.part.at > lane.part.lastPos && answer.fit.lastPos !== from + piece.length - 1) throw DONE;
    };
    if (writing === undefined && waitMs === 0) return ended();
    return (writing ?? Promise.resolve()).then(() => (waitMs === 0 ? undefined : clock.sleep(waitMs, lane.stop.signal))).then(ended);
  }

  function note(part: Buffer, gap: ByteRange, lane: Lane, answer: Answer): void {
    have.add(gap);
    answer.candidate.bytes += part.length;
    sources.progressed();
    hasher?.arrived(part, gap.firstPos - base, have.firstMissing(base) - base);
    sink.note(have.ranges);
    onEvent({ kind: 'received', bytes: part.length, lane: lane.id, from: answer.candidate.endpoint });
    asking.signal.throwIfAborted();
  }

  /** Another lane's beginning draws in what was one's own. */
  function tellRanges(): void {
    for (const { id, part, first, from } of lanes) {
      if (from !== undefined) onEvent({ kind: 'range', lane: id, firstPos: first, lastPos: part.lastPos === UNKNOWN_END ? undefined : part.lastPos, from });
    }
  }

  async function receive(answer: Answer, lane: Lane): Promise<void> {
    const { found, candidate, fit } = answer;
    lane.from = candidate.endpoint;
    tellRanges();
    let at = fit.firstPos;
    const speed = options.speedLimit === undefined ? undefined : watchSpeed(options.speedLimit, clock, (rate) => {
      lane.stop.abort(new CdnError('INCOMPLETE', `is too slow: ${formatRate(rate)} for ${options.speedLimit?.ms ?? 0} ms`));
    });
    candidate.lanes += 1;
    try {
      await found.response.drain((piece) => {
        const from = at;
        at += piece.length;
        speed?.came(piece.length);
        if (fit.lastPos !== undefined && at - 1 > fit.lastPos) throw new CdnError('PEER_PROTOCOL', `sends more than the range ${fit.firstPos}-${fit.lastPos}`);
        return accept(piece, from, lane, answer);
      });
      // A length that its own framing does not know: chunks, or the connection's end, may stop short of it.
      if (fit.lastPos !== undefined && at <= fit.lastPos) throw new CdnError('INCOMPLETE', `ended after ${at - fit.firstPos} octets of the range ${fit.firstPos}-${fit.lastPos}`);
      if (within.lastPos === UNKNOWN_END) within = { firstPos: base, lastPos: at - 1 };
      else if (fit.lastPos === undefined && lane.part.at <= lane.part.lastPos) throw new CdnError('INCOMPLETE', `ended after ${at} octets`);
      lane.part.lastPos = Math.min(lane.part.lastPos, within.lastPos);
    } catch (error) {
      found.response.discard();
      judgeEnd(error, answer, lane, at - fit.firstPos);
    } finally {
      speed?.stop();
      candidate.lanes -= 1;
    }
  }

  /** A body that broke off: whose fault it was, and whether it matters. */
  function judgeEnd(error: unknown, answer: Answer, lane: Lane, bytes: number): void {
    const why = lane.stop.signal.aborted ? (lane.stop.signal.reason as unknown) : error;
    if (why === DONE) return;
    asking.signal.throwIfAborted();
    if (!(why instanceof CdnError) || !['INCOMPLETE', 'PEER_PROTOCOL'].includes(why.code)) throw why;
    const failure = brokeOff(why, answer.found, bytes);
    sources.failed(answer.candidate, failure);
    if (version !== undefined && canBeContinued(version)) return;
    // Without a validator nothing can be added to what came.
    throw sources.hasMore() ? new StartOver(failure.message) : failure;
  }

  /** One lane: part after part, until there is none left for it. */
  async function run(id: number, assignments: Assignments, generation: AbortSignal, begin?: Answer): Promise<void> {
    let answer = begin;
    for (;;) {
      const part = assignments.next();
      if (part === undefined) return answer?.found.response.discard();
      const stop = new AbortController();
      const onAbort = (): void => stop.abort(generation.reason);
      generation.addEventListener('abort', onAbort, { once: true });
      const lane: Lane = { id, part, first: part.at, stop };
      lanes.add(lane);
      try {
        generation.throwIfAborted();
        const lastPos = part.lastPos === UNKNOWN_END ? undefined : part.lastPos;
        answer ??= await sources.ask({ firstPos: part.at, lastPos }, version, () => lanes.size === 1, { ...asking, signal: stop.signal });
        // Others are at work, and nobody is free to serve this one.
        if (answer === undefined) return;
        // The first answer was asked for before there was a lane to stop.
        if (begin === answer) stop.signal.addEventListener('abort', begin.found.response.discard, { once: true });
        await receive(answer, lane);
      } catch (error) {
        if (error !== DONE && stop.signal.reason !== DONE) throw error;
      } finally {
        answer = undefined;
        assignments.release(part);
        lanes.delete(lane);
        generation.removeEventListener('abort', onAbort);
        // Whoever raced for the same bytes, or waits to ask for them, has nothing left to do.
        for (const other of lanes) if (have.covers({ firstPos: other.part.at, lastPos: other.part.lastPos })) other.stop.abort(DONE);
      }
    }
  }

  async function generation(): Promise<Answer> {
    const answer = first ?? await sources.ask(firstRange(), version, () => true, asking);
    first = undefined;
    if (answer === undefined) throw new Error('nobody was asked');
    settle(answer);
    const controller = new AbortController();
    const onAbort = (): void => controller.abort(asking.signal.reason);
    asking.signal.addEventListener('abort', onAbort, { once: true });
    const divisible = sink.fd !== undefined && sink.inOrder !== true && version !== undefined && canBeContinued(version) && !answer.fit.ignoredRange;
    const count = divisible ? Math.max(1, Math.min(options.parallel, Math.ceil((within.lastPos - base + 1 - have.size) / LEAST_PART_OCTETS))) : 1;
    if (count > 8) setMaxListeners(0, controller.signal);
    try {
      await runAll(count, controller, answer);
      // All may have stepped back for each other: one goes on, alone, with all the patience there is.
      while (!have.covers(within)) await runAll(1, controller);
      return answer;
    } finally {
      asking.signal.removeEventListener('abort', onAbort);
    }
  }

  /** So many lanes, to the end; the first that fails ends all. */
  async function runAll(count: number, controller: AbortController, begin?: Answer): Promise<void> {
    const assignments = createAssignments(() => have, () => within, count);
    const running = Array.from({ length: count }, (_, id) => run(id, assignments, controller.signal, id === 0 ? begin : undefined).catch((error: unknown) => {
      controller.abort(error);
    }));
    await Promise.all(running);
    asking.signal.throwIfAborted();
    controller.signal.throwIfAborted();
  }

  /** Forgets what is here, and says so. */
  function startOver(error: StartOver, restarts: number): void {
    if (sink.fd === undefined && have.size > 0) throw new CdnError('INCOMPLETE', `cannot go on: ${error.message}; ${formatBytes(have.size)} went out already`, { cause: error });
    if (restarts > MAX_RESTARTS) throw new CdnError('INCOMPLETE', `began ${restarts} times, and each time it was another version: ${error.message}`, { cause: error });
    if (have.size > 0 || version !== undefined) onEvent({ kind: 'restarted', why: error.message, bytes: have.size });
    hasher?.stop();
    hasher = undefined;
    have = new ByteSet();
    version = undefined;
    first = error.answer;
    for (const store of sources.stores) store.bytes = 0;
    sources.forgetVersions();
  }

  async function untilWhole(): Promise<Answer> {
    for (let restarts = 1; ; restarts += 1) {
      try {
        return await generation();
      } catch (error) {
        if (!(error instanceof StartOver)) throw error;
        startOver(error, restarts);
      }
    }
  }

  let corrupt = false;
  try {
    const answer = await untilWhole();
    const transferMs = clock.monotonic() - (begunMs ?? clock.monotonic());
    const bytes = within.lastPos - base + 1;
    const expected = expectedDigest();
    const sha256 = await hasher?.finish(bytes);
    const stores = sources.stores.map(({ endpoint, bytes: sent }) => ({ endpoint, bytes: sent }));
    if (expected !== undefined && sha256 !== undefined && sha256 !== expected) {
      corrupt = true;
      throw mismatch(answer.found, stores, expected, sha256);
    }
    asking.signal.throwIfAborted();
    if (expected !== undefined && sha256 !== undefined) onEvent({ kind: 'verified', sha256 });
    // RFC 9112 §8: such a body can't be told from one that was cut off.
    else if (answer.found.response.fields['content-length'] === undefined && answer.found.response.fields['transfer-encoding'] === undefined) onEvent({ kind: 'unbounded' });
    await sink.commit();
    if (sink.file !== undefined) onEvent({ kind: 'saved', file: sink.file });
    return { reply: answer.found, redirects: answer.found.redirects, bytes, resumedBytes, sha256, stores, transferMs };
  } catch (error) {
    hasher?.stop();
    throw await keptError(error, corrupt, have, sink);
  }
}

/** What an earlier run left of what is wanted; where that is all of it, its last byte is asked for again, so that somebody says what it is of. */
function leftoverBytes(sink: Sink, range: RangeRequest | undefined): ByteSet {
  if (sink.leftover === undefined) return new ByteSet();
  const { have, version } = sink.leftover;
  const end = (version?.length ?? UNKNOWN_END) - 1;
  const wanted = range === undefined ? { firstPos: 0, lastPos: end }
    : 'suffix' in range ? { firstPos: Math.max(0, end + 1 - range.suffix), lastPos: end }
      : { firstPos: range.firstPos, lastPos: Math.min(end, range.lastPos ?? end) };
  const within = ByteSet.of(have.map(({ firstPos, lastPos }) => ({ firstPos: Math.max(firstPos, wanted.firstPos), lastPos: Math.min(lastPos, wanted.lastPos) })));
  if (!within.covers(wanted)) return within;
  return ByteSet.of([{ firstPos: wanted.firstPos, lastPos: wanted.lastPos - 1 }]);
}

/** The same error, with a word on where the bytes are that did arrive. */
async function keptError(error: unknown, corrupt: boolean, have: ByteSet, sink: Sink): Promise<unknown> {
  const kept = await sink.keep(corrupt ? 'corrupt' : 'part', have.ranges);
  if (!(error instanceof CdnError) || kept === undefined) return error;
  const told = kept.told ?? `${formatBytes(have.size)} are kept in ${printable(kept.file)}${corrupt ? '' : kept.resumable ? ' (the next fetch resumes)' : ' (the next fetch begins anew)'}`;
  return new CdnError(error.code, `${error.message}; ${told}`, {
    details: { ...error.details, kept: kept.file, resumable: kept.resumable }, suggestions: error.suggestions.length === 0 && kept.resumable && kept.told === undefined ? ['the same command again, to go on'] : error.suggestions, cause: error.cause ?? error,
  });
}
