// One request and its response on a connection: the head is waited for, the body handed to whoever
// takes it, piece by piece, at the taker's pace.

import type { Clock } from '../../base/clock.js';
import { CdnError, messageOf } from '../../base/errors.js';
import { formatEndpoint } from '../address.js';
import { ConnectError } from '../dial.js';
import type { Pipe, PipeReader } from '../pipe.js';
import { BodyFault, createBodyReader, type BodyReader } from './wire-body.js';
import { endOfHead, HeadFault, MAX_HEAD_BYTES, parseResponseHead, type ResponseHead } from './wire-head.js';

/** Takes a piece of a body. The piece is valid until the call returns, or the promise it returned resolves: nothing more comes before. */
export type Take = (piece: Buffer) => void | Promise<void>;

export interface ExchangeOptions {
  readonly method: string;
  /** The request's head, whole. */
  readonly head: string;
  readonly headTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly signal: AbortSignal;
}

export interface Exchange {
  /** Rejects with ConnectError when no octet came, CdnError PEER_PROTOCOL when it is no HTTP, or the signal's reason. */
  readonly head: Promise<ResponseHead>;
  /**
   * To be called at most once, when the head is there. Resolves when the body has come whole. Rejects with
   * CdnError INCOMPLETE (details: received, expected) or PEER_PROTOCOL, what `take` threw, or the signal's reason.
   */
  drain(take: Take): Promise<void>;
  /** Whether the connection is as good as new: the response came whole, and the peer keeps it open. */
  readonly reusable: boolean;
  /** Whether anything was received. */
  readonly answered: boolean;
}

/** What is taken in of a body that nobody has asked for yet. */
const HELD_OCTETS = 65_536;
const NOTHING = Buffer.alloc(0);

/** Calls `late` when `touch` was not called for `ms`; the timer is set anew only when it runs out. */
function createSilence(clock: Clock, ms: number, late: () => void) {
  let touchedMs = 0;
  let stop: (() => void) | undefined;
  const arm = (delayMs: number): void => {
    stop = clock.after(delayMs, () => {
      const leftMs = touchedMs + ms - clock.monotonic();
      if (leftMs > 0) arm(Math.ceil(leftMs));
      else late();
    });
  };
  return {
    touch: () => {
      touchedMs = clock.monotonic();
      if (stop === undefined) arm(ms);
    },
    rest: () => {
      stop?.();
      stop = undefined;
    },
  };
}

/** Sends the request. The caller destroys the pipe when it isn't `reusable` in the end. */
export function exchange(pipe: Pipe, options: ExchangeOptions, clock: Clock): Exchange {
  const { method, signal, headTimeoutMs, idleTimeoutMs } = options;
  const where = formatEndpoint(pipe.remote);
  let phase: 'head' | 'held' | 'body' | 'over' = 'head';
  let early: Buffer = NOTHING;
  let answered = false;
  let headBytes = 0;
  let found: ResponseHead | undefined;
  let body: BodyReader | undefined;
  let end: { readonly error: Error | undefined } | undefined;
  let received = 0;
  /** The taker has not taken all of what it was shown. */
  let taking = false;
  let take: Take | undefined;
  let settleHead: { resolve(head: ResponseHead): void; reject(error: unknown): void };
  let settleBody: { resolve(): void; reject(error: unknown): void } | undefined;

  const notHttp = (error: unknown): CdnError => new CdnError('PEER_PROTOCOL', `${where} answered with broken HTTP: ${messageOf(error)}`, { details: { peer: where }, cause: error });
  const incomplete = (why: string, cause?: unknown): CdnError => {
    const expected = found?.framing.kind === 'length' ? found.framing.length : undefined;
    return new CdnError('INCOMPLETE', `${where} ${why} after ${received}${expected === undefined ? '' : ` of ${expected}`} octets of the body`, {
      details: { peer: where, received, expected }, ...(cause === undefined ? {} : { cause }),
    });
  };
  const silence = createSilence(clock, idleTimeoutMs, () => fail(incomplete(`fell silent for ${idleTimeoutMs} ms`)));
  const stopHeadTimer = clock.after(headTimeoutMs, () => {
    if (phase === 'head') fail(new ConnectError('ETIMEDOUT', `${where} sent no head of an answer within ${headTimeoutMs} ms`, pipe.remote));
  });

  function close(): void {
    phase = 'over';
    stopHeadTimer();
    silence.rest();
    signal.removeEventListener('abort', onAbort);
  }

  function fail(error: unknown): void {
    if (phase === 'over') return;
    close();
    // Nothing of it is of use to anybody any more.
    pipe.destroy();
    settleHead.reject(error);
    settleBody?.reject(error);
  }

  /** For what was thrown while octets were looked at: the peer's fault, or the taker's. */
  function broke(error: unknown): void {
    fail(error instanceof HeadFault || error instanceof BodyFault ? notHttp(error) : error);
  }

  function succeed(): void {
    close();
    settleBody?.resolve();
  }

  const onAbort = (): void => fail(signal.reason);

  /** Looks for the head; what stands behind it is kept for `drain`. */
  function takeHead(octets: Buffer): boolean {
    const from = Math.max(0, early.length - 3);
    early = early.length === 0 ? Buffer.from(octets) : Buffer.concat([early, octets]);
    let scanned = from;
    for (;;) {
      const at = endOfHead(early, scanned);
      if (at === -1) {
        if (early.length > MAX_HEAD_BYTES) throw new HeadFault('a head without end');
        if (early.length >= 5 && early.toString('latin1', 0, 5) !== 'HTTP/') throw new HeadFault('no status line');
        return true;
      }
      headBytes += at;
      if (headBytes > MAX_HEAD_BYTES) throw new HeadFault('a head without end');
      const head = parseResponseHead(early.toString('latin1', 0, at).replace(/(?:\r?\n){2}$/, ''), method);
      early = early.subarray(at);
      scanned = 0;
      // RFC 9110 §15.2: any number of interim answers may come first; nobody asked to switch protocols.
      if (head.status === 101) throw new HeadFault('a change of protocol that nobody asked for');
      if (head.status < 200) continue;
      stopHeadTimer();
      found = head;
      body = createBodyReader(head.framing);
      phase = 'held';
      settleHead.resolve(head);
      if (head.framing.kind === 'none' || (head.framing.kind === 'length' && head.framing.length === 0)) {
        Array.from(body.pieces(early));
        succeed();
        return false;
      }
      return early.length < HELD_OCTETS;
    }
  }

  /** Hands on what came; false while the taker is busy. */
  function takeBody(octets: Buffer): boolean {
    const pieces = (body as BodyReader).pieces(octets)[Symbol.iterator]();
    const busy = step(pieces);
    if (busy === undefined) return settled();
    silence.rest();
    taking = true;
    busy.then(() => {
      taking = false;
      if (phase === 'body' && (early.length > 0 ? takeBody(takeEarly()) : settled())) pipe.resume();
    }).catch(broke);
    return false;
  }

  function takeEarly(): Buffer {
    const held = early;
    early = NOTHING;
    return held;
  }

  /** All pieces one after the other, without a pause where the taker needs none. */
  function step(pieces: Iterator<Buffer>): Promise<void> | undefined {
    for (;;) {
      const piece = pieces.next();
      if (piece.done === true) return undefined;
      received += piece.value.length;
      const busy = (take as Take)(piece.value);
      if (busy instanceof Promise) return busy.then(() => (phase === 'body' ? step(pieces) : undefined));
      if (phase !== 'body') return undefined;
    }
  }

  /** After a portion: whether more is to come. */
  function settled(): boolean {
    if (phase !== 'body') return false;
    if ((body as BodyReader).complete) {
      succeed();
      return false;
    }
    if (end !== undefined) {
      conclude();
      return false;
    }
    silence.touch();
    return true;
  }

  /** The connection is at its end, and so is what came of it. */
  function conclude(): void {
    const error = end?.error;
    if (phase === 'head') {
      if (!answered) return fail(new ConnectError('ECONNRESET', `${where} closed the connection without an answer`, pipe.remote, error));
      return fail(notHttp(error ?? new HeadFault('the end in the middle of the head')));
    }
    if (phase !== 'body') return;
    // RFC 9112 §6.3, rule 8: an orderly end is one; a connection that broke may have lost octets.
    if (body?.endsByClose === true && error === undefined) succeed();
    else fail(incomplete('closed the connection', error));
  }

  const reader: PipeReader = {
    octets: (octets) => {
      answered = true;
      try {
        if (phase === 'head') return takeHead(octets);
        if (phase === 'body' && !taking) {
          silence.touch();
          return takeBody(octets);
        }
        // Nobody has asked yet; or who took what was held is busy with it, and the connection was never stopped.
        if (phase === 'held' || phase === 'body') {
          early = Buffer.concat([early, octets]);
          return !taking && early.length < HELD_OCTETS;
        }
      } catch (error) {
        broke(error);
      }
      return false;
    },
    ended: (error) => {
      end = { error };
      if (!taking) conclude();
    },
  };

  const head = new Promise<ResponseHead>((resolve, reject) => {
    settleHead = { resolve, reject };
  });
  head.catch(() => undefined);
  if (signal.aborted) onAbort();
  else {
    signal.addEventListener('abort', onAbort, { once: true });
    pipe.write(options.head);
    pipe.read(reader);
    pipe.resume();
  }

  return {
    head,
    drain: (taker) =>
      new Promise<void>((resolve, reject) => {
        settleBody = { resolve, reject };
        if (phase === 'over') {
          if (found !== undefined && body?.complete === true) resolve();
          else reject(signal.aborted ? (signal.reason as Error) : incomplete('closed the connection'));
          return;
        }
        take = taker;
        phase = 'body';
        silence.touch();
        try {
          if (early.length === 0 ? settled() : takeBody(takeEarly())) pipe.resume();
        } catch (error) {
          broke(error);
        }
      }),
    get reusable() {
      return phase === 'over' && found?.persistent === true && body?.complete === true && body.surplus === 0 && end === undefined;
    },
    get answered() {
      return answered;
    },
  };
}
