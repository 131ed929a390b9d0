// A connection whose requests are read without node's parser for as long as they are plain GETs and
// HEADs, one at a time; with the first octet of anything else it is handed over, for good.

import type { Socket } from 'node:net';
import { nextTurn } from '../../base/clock.js';
import type { Eventual } from '../handler.js';
import { answerRequest, ask, tellFinished, type AnswerEnv } from './answer.js';
import { endpointOf } from './connection.js';
import { createDirectOutlet, whenHanded } from './direct-outlet.js';
import { DirectRequest, type Ends, type Interims } from './direct-request.js';
import { writeInterim } from './interim.js';
import type { HeaderFields, HttpResponse } from './message.js';
import { PlainHeadReader, type PlainHead } from './plain-head.js';
import type { Prepared, Preparer } from './prepare.js';
import type { HeadEnds } from './response-head.js';

export interface DirectOptions {
  readonly maxHeadBytes: number;
  readonly headTimeoutMs: number;
  readonly idleTimeoutMs: number;
}

export interface DirectEnv extends AnswerEnv {
  readonly ends: HeadEnds;
  readonly preparer: Preparer;
  /** Takes the connection over, with what of it is still to be read. */
  readonly handOver: (socket: Socket) => void;
}

/** A body up to this goes out in one piece with its head. */
const JOIN_OCTETS = 8192;
/** Slices are handed to the system together until they are as much as this: two that a range of the usual length lies across, too. */
const GROUP_OCTETS = 1_048_576;
/** However fast its reader, one answer sends no more than this before the others have their turn. */
const TURN_OCTETS = 4 * 1_048_576;

/** An answer from memory that is under way. */
interface Sending {
  readonly request: DirectRequest;
  readonly response: HttpResponse;
  readonly startedMs: number;
  readonly slices: readonly Uint8Array[];
  next: number;
  /** Octets of the body handed to the socket. */
  octets: number;
  /** Whether the socket tells when there is room. */
  waiting: boolean;
}

export class DirectConnection implements Interims {
  private readonly socket: Socket;
  private readonly options: DirectOptions;
  private readonly env: DirectEnv;
  private readonly heads: PlainHeadReader;
  private ends: Ends | undefined;
  /** Which is being answered. */
  private request: DirectRequest | undefined;
  /** On the monotonic clock; of a connection that has nothing under way. */
  private idleSinceMs: number;
  private sending: Sending | undefined;
  /** The client has closed its side. */
  private ended = false;
  private closing = false;

  constructor(socket: Socket, options: DirectOptions, env: DirectEnv) {
    this.socket = socket;
    this.options = options;
    this.env = env;
    this.heads = new PlainHeadReader(options.maxHeadBytes);
    this.idleSinceMs = env.clock.monotonic();
    socket.on('data', this.onData);
    socket.on('end', this.onEnd);
    socket.on('drain', this.onDrain);
    socket.on('timeout', this.onTimeout);
    socket.on('close', this.onClose);
  }

  /** Whether a request was taken and its answer isn't complete. */
  get answering(): boolean {
    return this.request !== undefined;
  }

  /** To be called now and then: closes a connection that has been silent for too long. */
  sweep(nowMs: number): void {
    const { headTimeoutMs, idleTimeoutMs } = this.options;
    const limitMs = this.ends === undefined ? Math.min(headTimeoutMs, idleTimeoutMs) : idleTimeoutMs;
    if (this.request === undefined && nowMs - this.idleSinceMs >= limitMs) this.socket.destroy();
  }

  /** Takes no further request; ends at once, or after the answer that is under way. */
  finish(): void {
    this.closing = true;
    if (this.request === undefined) this.socket.destroy();
  }

  /** Before the answer to the request that is under way, and at no other time. */
  sendInterim(request: DirectRequest, status: number, fields: HeaderFields): void {
    if (this.request === request && this.sending === undefined && request.outlet?.headSent !== true) writeInterim(this.socket, status, fields);
  }

  private readonly onData = (octets: Buffer): void => {
    if (this.request !== undefined) {
      this.hold(octets);
      return;
    }
    for (let at = 0; at < octets.length && !this.closing; ) {
      const head = this.heads.read(octets, at);
      if (head === undefined) {
        this.hold(octets.subarray(at));
        this.handOver();
        return;
      }
      at = head.end;
      if (!this.serve(head)) {
        if (at < octets.length) this.hold(octets.subarray(at));
        return;
      }
    }
    if (this.closing) this.socket.destroySoon();
  };

  /**
   * Requests that are sent before the last one is answered are node's to put in order; nothing more is read until
   * then. They go back to the socket, which tells of the end of what the client sends only when all of it was read.
   */
  private hold(octets: Buffer): void {
    this.socket.pause();
    this.socket.unshift(octets);
  }

  private readonly onEnd = (): void => {
    this.ended = true;
    if (this.request === undefined) this.socket.end();
  };

  private readonly onDrain = (): void => {
    if (this.sending?.waiting !== true) return;
    this.sending.waiting = false;
    this.pump(this.sending);
  };

  private readonly onTimeout = (): void => {
    // While the handler or the source takes its time, the silence isn't the client's.
    if (this.socket.writableLength === 0) {
      this.socket.setTimeout(this.options.idleTimeoutMs);
      return;
    }
    this.env.log.debug('cut a client off that took nothing', { peer: this.socket.remoteAddress, idleTimeoutMs: this.options.idleTimeoutMs });
    this.socket.destroy();
  };

  private readonly onClose = (): void => {
    this.request?.lose();
    const { sending } = this;
    this.sending = undefined;
    if (sending !== undefined) this.tell(sending, false);
  };

  private handOver(): void {
    const { socket } = this;
    socket.setTimeout(0);
    socket.off('data', this.onData);
    socket.off('end', this.onEnd);
    socket.off('drain', this.onDrain);
    socket.off('timeout', this.onTimeout);
    socket.off('close', this.onClose);
    this.env.handOver(socket);
  }

  /** True when the whole answer was handed to the system at once. */
  private serve(head: PlainHead): boolean {
    const { socket, env } = this;
    this.ends ??= { peer: endpointOf(socket.remoteAddress, socket.remotePort), local: endpointOf(socket.localAddress, socket.localPort) };
    if (head.isLast) this.closing = true;
    const request = (this.request = new DirectRequest(head, this.ends, this));
    const startedMs = env.clock.monotonic();
    const asked = ask(request, env);
    const prepared = asked instanceof Promise ? undefined : this.prepared(request, asked);
    if (asked instanceof Promise || prepared === undefined) {
      this.answerLater(request, asked, startedMs);
      return false;
    }
    return this.send(request, asked, prepared, startedMs);
  }

  /** An answer that can't be sent is undefined here, too: the other way says so. */
  private prepared(request: DirectRequest, response: HttpResponse): Prepared | undefined {
    try {
      return this.env.preparer.prepare(request.method, response);
    } catch {
      return undefined;
    }
  }

  private answerLater(request: DirectRequest, asked: Eventual<HttpResponse>, startedMs: number): void {
    this.socket.setTimeout(this.options.idleTimeoutMs);
    const outlet = createDirectOutlet(this.socket, this.env.ends, () => this.closing || this.ended);
    request.outlet = outlet;
    void answerRequest(request, asked, outlet, startedMs, this.env).then(() => this.answered());
  }

  private send(request: DirectRequest, response: HttpResponse, prepared: Prepared, startedMs: number): boolean {
    const { socket, env } = this;
    const { slices, octets, dated } = prepared;
    const end = this.closing || this.ended ? env.ends.close(dated) : env.ends.keepAlive(dated);
    const sending: Sending = { request, response, startedMs, slices, next: 0, octets: 0, waiting: false };
    if (octets <= JOIN_OCTETS) {
      sending.next = slices.length;
      sending.octets = octets;
      socket.write(env.preparer.join(prepared, end));
    } else {
      socket.cork();
      socket.write(Buffer.concat([prepared.head, end], prepared.head.length + end.length));
      this.writeGroup(sending);
      socket.uncork();
    }
    if (sending.next === slices.length && socket.writableLength === 0) {
      this.request = undefined;
      this.idleSinceMs = startedMs;
      this.tell(sending, true);
      return true;
    }
    this.sending = sending;
    socket.setTimeout(this.options.idleTimeoutMs);
    this.pump(sending);
    return false;
  }

  /** Octets that went to the socket. */
  private writeGroup(sending: Sending): number {
    let octets = 0;
    for (; octets < GROUP_OCTETS; sending.next += 1) {
      const slice = sending.slices[sending.next];
      if (slice === undefined) break;
      this.socket.write(slice);
      octets += slice.byteLength;
    }
    sending.octets += octets;
    return octets;
  }

  private pump(sending: Sending): void {
    const { socket } = this;
    for (let octets = 0; sending.next < sending.slices.length; ) {
      if (socket.destroyed) return;
      if (socket.writableLength > 0 && socket.writableNeedDrain) {
        sending.waiting = true;
        return;
      }
      if (octets >= TURN_OCTETS) {
        nextTurn(() => this.pump(sending));
        return;
      }
      socket.cork();
      octets += this.writeGroup(sending);
      socket.uncork();
    }
    whenHanded(socket, () => {
      if (this.sending !== sending) return;
      this.sending = undefined;
      this.tell(sending, true);
      this.answered();
    });
  }

  private tell({ request, response, startedMs, octets }: Sending, complete: boolean): void {
    if (response.finished === undefined && this.env.accessLog === undefined) return;
    tellFinished(request, response, { complete, bytes: octets, durationMs: this.env.clock.monotonic() - startedMs }, this.env);
  }

  /** After an answer that took its time: what was held up goes on. */
  private answered(): void {
    const { socket } = this;
    this.request = undefined;
    if (socket.destroyed) return;
    socket.setTimeout(0);
    this.idleSinceMs = this.env.clock.monotonic();
    if (this.closing || this.ended) socket.destroySoon();
    else if (socket.readableLength > 0) this.handOver();
  }
}
