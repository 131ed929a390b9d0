// One client's connection: its requests in their turn, one at a time, and the end of it.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { messageOf } from '../../base/errors.js';
import { unmapIPv4, type Endpoint } from '../address.js';
import { answerRequest, ask, type AnswerEnv } from './answer.js';
import type { HttpRequest } from './message.js';
import { createNodeOutlet } from './outlet.js';
import { writeInterim } from './interim.js';
import { refuse, type Refusal } from './refuse.js';
import { createContent } from './request-content.js';
import { admitRequest } from './request-head.js';

/** A request as node's parser found it, and what its Expect field asks for. */
export interface Exchange {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly expectation: 'none' | 'continue' | 'unknown';
}

export interface Connection {
  /** The next request, in the order of arrival. */
  take(exchange: Exchange): void;
  /** The parser can't go on: tells the client so, after the answers that are due. */
  giveUp(refusal: Refusal): void;
  /** Takes no further request; ends at once, or after the answer that is under way. */
  finish(): void;
  /** Whether a request was taken whole and its answer isn't complete. */
  readonly answering: boolean;
}

export interface ConnectionOptions {
  readonly maxHeadBytes: number;
  /** Content of a request goes to the handler, up to this; undefined: no handler takes any, and a little is read away. */
  readonly maxContentOctets?: number | undefined;
}

/** Content of a request that no handler takes is read and thrown away up to this; beyond it, 413. */
const MAX_CONTENT_OCTETS = 65_536;
const tooLong = (octets: number): Refusal => ({ status: 413, why: `no content of more than ${octets} octets` });
/** Requests that may wait for their turn; the next gets 503, and the connection ends. */
const MAX_PIPELINED = 100;

/** Reads a request's content away. */
function readContent(req: IncomingMessage): Promise<'read' | 'too-long' | 'gone'> {
  return new Promise((resolve) => {
    let octets = 0;
    req.on('data', (chunk: Uint8Array) => {
      octets += chunk.byteLength;
      if (octets > MAX_CONTENT_OCTETS) resolve('too-long');
    });
    req.once('end', () => resolve('read'));
    req.once('close', () => resolve('gone'));
  });
}

/** Aborts when the connection is lost before the whole answer was handed to the system. */
function goneSignal(res: ServerResponse): AbortSignal {
  const gone = new AbortController();
  let written = false;
  res.once('finish', () => (written = true));
  res.once('close', () => {
    if (!written) gone.abort(new Error('the client is gone'));
  });
  // A write to a connection that is just being lost; `close` tells about it.
  res.on('error', () => undefined);
  return gone.signal;
}

const requestLineOf = ({ method = '', url = '', httpVersion }: IncomingMessage): string => `${method} ${url} HTTP/${httpVersion}`;

export const endpointOf = (address: string | undefined, port: number | undefined): Endpoint => ({ address: unmapIPv4(address ?? ''), port: port ?? 0 });

export function createConnection(socket: Socket, options: ConnectionOptions, env: AnswerEnv): Connection {
  const { clock, log } = env;
  const peer = endpointOf(socket.remoteAddress, socket.remotePort);
  const waiting: Exchange[] = [];
  let current: Exchange | undefined;
  /** The current request was taken whole: the handler's and its answer's turn. */
  let answering = false;
  /** The connection ends after the current answer. */
  let closing = false;
  /** To be said after the answers that are due. */
  let pending: Refusal | undefined;
  let refused = false;

  function end(refusal: Refusal, req?: IncomingMessage): void {
    refused = true;
    waiting.length = 0;
    log.debug(`refused a request: ${refusal.why}`, { status: refusal.status, peer: socket.remoteAddress });
    const bytes = refuse(socket, refusal, clock, req?.method !== 'HEAD');
    if (bytes !== undefined) env.accessLog?.refused(peer, req && requestLineOf(req), refusal.status, bytes);
  }

  async function serve({ req, res, expectation }: Exchange): Promise<void> {
    const method = req.method ?? '';
    const endHere = (refusal: Refusal): void => {
      // Content that nobody reads would stop the parser, and with it the octets that refuse() still takes in.
      req.resume();
      end(refusal, req);
    };
    const head = { method, target: req.url ?? '', versionMajor: req.httpVersionMajor, versionMinor: req.httpVersionMinor, rawFields: req.rawHeaders };
    const admission = admitRequest(head, options.maxHeadBytes);
    if (admission.kind === 'refused') return endHere(admission);
    // RFC 9110 §10.1.1: an expectation other than 100-continue is 417.
    if (expectation === 'unknown') return endHere({ status: 417, why: 'cannot meet that expectation' });
    const { content: announced } = admission;
    const { maxContentOctets = MAX_CONTENT_OCTETS } = options;
    if (announced.kind === 'length' && announced.octets > maxContentOctets) return endHere(tooLong(maxContentOctets));
    const content = options.maxContentOctets === undefined ? undefined : createContent(req, res, announced, maxContentOctets, expectation === 'continue');
    if (announced.kind !== 'none' && content === undefined) {
      if (expectation === 'continue') res.writeContinue();
      const outcome = await readContent(req);
      if (refused || outcome === 'gone') return;
      if (outcome === 'too-long') return endHere(tooLong(maxContentOctets));
    }
    if (content === undefined) req.resume();
    // Node's parser, once it saw an upgrade, loses what follows: no further request on this connection.
    if (admission.fields['upgrade'] !== undefined) closing = true;
    answering = true;
    const request: HttpRequest = {
      method,
      target: admission.target,
      ...(req.httpVersionMinor === 1 && req.url === admission.target ? {} : { requestLine: requestLineOf(req) }),
      fields: admission.fields,
      peer,
      local: endpointOf(socket.localAddress, socket.localPort),
      signal: goneSignal(res),
      // RFC 9110 §15.2: not to a client of HTTP/1.0, which doesn't know of them.
      ...(req.httpVersionMinor === 0 ? {} : { interim: (status, fields) => !res.headersSent && writeInterim(socket, status, fields) }),
      ...(content === undefined ? {} : { content }),
    };
    if (socket.destroyed) return;
    const startedMs = clock.monotonic();
    // RFC 9112 §9.3: what wasn't read of this request would be taken for the next one.
    await answerRequest(request, ask(request, env), createNodeOutlet(res, () => closing || (content !== undefined && !req.complete)), startedMs, env);
    if (content === undefined || req.complete) return;
    closing = true;
    req.resume();
  }

  async function work(): Promise<void> {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      // Node gives a response its socket when its turn has come, and never after one that closes the connection.
      if (next.res.socket === null) closing = true;
      if (closing) break;
      current = next;
      await serve(next);
      answering = false;
      if (refused || socket.destroyed) return;
    }
    current = undefined;
    if (pending) end(pending);
    else if (closing) socket.destroySoon();
  }

  return {
    take: (exchange) => {
      if (refused || pending || closing) return;
      if (waiting.length >= MAX_PIPELINED) {
        pending = { status: 503, why: 'too many requests at once on one connection' };
        return;
      }
      waiting.push(exchange);
      // One at a time: a client that sends many requests at once costs one handler.
      if (current) return;
      work().catch((error: unknown) => {
        log.error(`a connection failed: ${messageOf(error)}`, { stack: error instanceof Error ? error.stack : undefined });
        socket.destroy();
      });
    },
    giveUp: (refusal) => {
      if (refused) return;
      const last = waiting.at(-1) ?? current;
      if (!last || (last === current && !last.req.complete)) {
        end(refusal);
        return;
      }
      pending ??= refusal;
      if (!last.req.complete) waiting.pop();
    },
    finish: () => {
      closing = true;
      if (!current) socket.destroy();
    },
    get answering() {
      return answering;
    },
  };
}
