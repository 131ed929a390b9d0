// A connection whose requests are read without node's parser for as long as they are plain GETs and
// HEADs, one at a time; with the first octet of anything else it is handed over, for good.

import type { Socket } from 'node:net';
import { nextTurn } from '../../base/clock.js';
import type { Endpoint } from '../address.js';
import type { Eventual } from '../handler.js';
import { answerRequest, ask, tellFinished, type AnswerEnv } from './answer.js';
import { endpointOf } from './connection.js';
import { createDirectOutlet, whenHanded } from './direct-outlet.js';
import { writeInterim } from './interim.js';
import type { HttpRequest, HttpResponse } from './message.js';
import type { Outlet } from './outlet.js';
import { parsePlainHead, type PlainHead } from './plain-head.js';
import type { Prepared } from './prepare.js';
import type { HeadEnds } from './response-head.js';

export interface DirectOptions {
  readonly maxHeadBytes: number;
  readonly headTimeoutMs: number;
  readonly idleTimeoutMs: number;
}

export interface DirectEnv extends AnswerEnv {
  readonly ends: HeadEnds;
  readonly prepare: (method: string, response: HttpResponse) => Prepared | undefined;
  /** Takes the connection over, the octets `rest` still to be read. */
  readonly handOver: (socket: Socket, rest: Buffer) => void;
}

/** A body up to this is copied behind its head: one write of one piece costs less than the copy. */
const COPY_OCTETS = 8192;
/** Slices are handed to the system together up to this. */
const GROUP_OCTETS = 262_144;
/** However fast its reader, one answer sends no more than this before the others have their turn. */
const TURN_OCTETS = 4 * 1_048_576;

/** A request's signal, made when somebody asks for it. */
class Life {
  /** Of an answer that takes its time. */
  outlet: Outlet | undefined;
  private controller: AbortController | undefined;
  private lost = false;

  get signal(): AbortSignal {
    if (this.controller === undefined) {
      this.controller = new AbortController();
      if (this.lost) this.lose();
    }
    return this.controller.signal;
  }

  lose(): void {
    this.lost = true;
    this.controller?.abort(new Error('the client is gone'));
  }
}

/** An answer from memory that is under way. */
interface Sending {
  readonly request: HttpRequest;
  readonly response: HttpResponse;
  readonly startedMs: number;
  readonly slices: readonly Uint8Array[];
  next: number;
  /** Octets of the body handed to the socket. */
  octets: number;
  /** Whether the socket tells when there is room. */
  waiting: boolean;
}

export class DirectConnection {
  private readonly socket: Socket;
  private readonly options: DirectOptions;
  private readonly env: DirectEnv;
  private ends: { readonly peer: Endpoint; readonly local: Endpoint } | undefined;
  /** Of the request that is being answered. */
  private life: Life | undefined;
  private sending: Sending | undefined;
  /** What came while an answer was under way. */
  private held: Buffer | undefined;
  /** The client has closed its side. */
  private ended = false;
  private closing = false;

  constructor(socket: Socket, options: DirectOptions, env: DirectEnv) {
    this.socket = socket;
    this.options = options;
    this.env = env;
    socket.setTimeout(Math.min(options.headTimeoutMs, options.idleTimeoutMs));
    socket.on('data', this.onData);
    socket.on('end', this.onEnd);
    socket.on('drain', this.onDrain);
    socket.on('timeout', this.onTimeout);
    socket.on('close', this.onClose);
  }

  /** Whether a request was taken and its answer isn't complete. */
  get answering(): boolean {
    return this.life !== undefined;
  }

  /** Takes no further request; ends at once, or after the answer that is under way. */
  finish(): void {
    this.closing = true;
    if (this.life === undefined) this.socket.destroy();
  }

  private readonly onData = (octets: Buffer): void => {
    if (this.life !== undefined) {
      this.hold(octets);
      return;
    }
    for (let at = 0; at < octets.length && !this.closing; ) {
      const head = parsePlainHead(octets, at, this.options.maxHeadBytes);
      if (head === undefined) {
        this.handOver(octets.subarray(at));
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

  /** Requests that are sent before the last one is answered are node's to put in order; nothing more is read until then. */
  private hold(octets: Buffer): void {
    this.held = this.held === undefined ? octets : Buffer.concat([this.held, octets]);
    this.socket.pause();
  }

  private readonly onEnd = (): void => {
    this.ended = true;
    if (this.life === undefined) this.socket.end();
  };

  private readonly onDrain = (): void => {
    if (this.sending?.waiting !== true) return;
    this.sending.waiting = false;
    this.pump(this.sending);
  };

  private readonly onTimeout = (): void => {
    // While the handler or the source takes its time, the silence isn't the client's.
    if (this.life !== undefined && this.socket.writableLength === 0) {
      this.socket.setTimeout(this.options.idleTimeoutMs);
      return;
    }
    if (this.life !== undefined) this.env.log.debug('cut a client off that took nothing', { peer: this.socket.remoteAddress, idleTimeoutMs: this.options.idleTimeoutMs });
    this.socket.destroy();
  };

  private readonly onClose = (): void => {
    this.life?.lose();
    const { sending } = this;
    this.sending = undefined;
    if (sending !== undefined) this.tell(sending, false);
  };

  private handOver(rest: Buffer): void {
    const { socket } = this;
    socket.setTimeout(0);
    socket.off('data', this.onData);
    socket.off('end', this.onEnd);
    socket.off('drain', this.onDrain);
    socket.off('timeout', this.onTimeout);
    socket.off('close', this.onClose);
    this.env.handOver(socket, rest);
  }

  /** True when the whole answer was handed to the system at once. */
  private serve({ method, request: { target, fields }, isLast }: PlainHead): boolean {
    const { socket, env } = this;
    if (this.ends === undefined) {
      this.ends = { peer: endpointOf(socket.remoteAddress, socket.remotePort), local: endpointOf(socket.localAddress, socket.localPort) };
      socket.setTimeout(this.options.idleTimeoutMs);
    }
    if (isLast) this.closing = true;
    const life = new Life();
    this.life = life;
    const { peer, local } = this.ends;
    const request: HttpRequest = {
      method,
      target,
      fields,
      peer,
      local,
      get signal() {
        return life.signal;
      },
      interim: (status, interimFields) => {
        if (this.life === life && this.sending === undefined && life.outlet?.headSent !== true) writeInterim(socket, status, interimFields);
      },
    };
    const startedMs = env.clock.monotonic();
    const asked = ask(request, env);
    const prepared = asked instanceof Promise ? undefined : this.prepared(request, asked);
    if (asked instanceof Promise || prepared === undefined) {
      this.answerLater(request, asked, startedMs);
      return false;
    }
    return this.send({ request, response: asked, startedMs, slices: prepared.slices, next: 0, octets: 0, waiting: false }, prepared);
  }

  /** An answer that can't be sent is undefined here, too: the other way says so. */
  private prepared(request: HttpRequest, response: HttpResponse): Prepared | undefined {
    try {
      return this.env.prepare(request.method, response);
    } catch {
      return undefined;
    }
  }

  private answerLater(request: HttpRequest, asked: Eventual<HttpResponse>, startedMs: number): void {
    const outlet = createDirectOutlet(this.socket, this.env.ends, () => this.closing || this.ended);
    if (this.life !== undefined) this.life.outlet = outlet;
    void answerRequest(request, asked, outlet, startedMs, this.env).then(() => this.answered());
  }

  private send(sending: Sending, { head, dated, slices, octets }: Prepared): boolean {
    const { socket } = this;
    const end = this.closing || this.ended ? this.env.ends.close(dated) : this.env.ends.keepAlive(dated);
    const headOctets = head.length + end.length;
    if (octets <= COPY_OCTETS) {
      const whole = Buffer.allocUnsafe(headOctets + octets);
      head.copy(whole);
      end.copy(whole, head.length);
      let at = headOctets;
      for (const slice of slices) {
        whole.set(slice, at);
        at += slice.byteLength;
      }
      sending.next = slices.length;
      sending.octets = octets;
      socket.write(whole);
    } else {
      socket.cork();
      socket.write(Buffer.concat([head, end], headOctets));
      this.writeGroup(sending);
      socket.uncork();
    }
    if (sending.next === slices.length && socket.writableLength === 0) {
      this.life = undefined;
      this.tell(sending, true);
      return true;
    }
    this.sending = sending;
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
    const { socket, held } = this;
    this.life = undefined;
    this.held = undefined;
    if (socket.destroyed) return;
    if (this.closing || this.ended) socket.destroySoon();
    else if (held !== undefined) this.handOver(held);
  }
}
