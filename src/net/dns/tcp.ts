// The TCP side of a server (RFC 7766): queries one after another on a connection, answers as they
// are ready, in any order. What one client can hold is bounded: connections (../tcp-places.ts), and of each
// the time it does nothing, the queries worked on, and the octets kept for it.

import { createServer, type Server, type Socket } from 'node:net';
import { nextTurn, type Clock, type Stop } from '../../base/clock.js';
import { messageOf } from '../../base/errors.js';
import type { Log } from '../../observe/log.js';
import { unmapIPv4, type Endpoint } from '../address.js';
import { isStream, type Answered, type Answerer, type OctetStream } from './answer.js';
import { Deframer, frame } from './framing.js';
import { clientOf, createPlaces, type Holder, type Places } from '../tcp-places.js';

/** Queries of one connection being worked on; the next ones wait in its socket. */
const MAX_PENDING = 64;

export interface TcpOptions {
  readonly local: Endpoint;
  /** With the other workers of a cluster. */
  readonly shared?: boolean;
  readonly maxConnections: number;
  /** Of those, for one client: an address, or a /64 of IPv6. */
  readonly maxPerClient: number;
  /** How long a connection may do nothing, or take for one message, or not read its answers. */
  readonly idleMs: number;
}

export interface TcpListener {
  /** The real one, also when port 0 was asked for. */
  readonly port: number;
  close(): Promise<void>;
}

/** Listening and answering. Rejects with the system's error. */
export async function openTcp(options: TcpOptions, answer: Answerer, env: { readonly clock: Clock; readonly log: Log }): Promise<TcpListener> {
  const sockets = new Set<Socket>();
  const places = createPlaces({ total: options.maxConnections, perClient: options.maxPerClient });
  // Half open: a client that has sent its last query may close its side and still wants the answer.
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    serve(socket, options.idleMs, places, answer, env);
  });
  await listen(server, options.local, options.shared === true);
  server.on('error', (error) => env.log.warn(`DNS over TCP: ${messageOf(error)}`, { error }));
  const bound = server.address();
  return {
    port: typeof bound === 'object' && bound !== null ? bound.port : options.local.port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

function listen(server: Server, local: Endpoint, shared: boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: local.address, port: local.port, exclusive: !shared }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function serve(socket: Socket, idleMs: number, places: Places, answer: Answerer, env: { readonly clock: Clock; readonly log: Log }): void {
  const remote: Endpoint = { address: unmapIPv4(socket.remoteAddress ?? ''), port: socket.remotePort ?? 0 };
  const local: Endpoint = { address: unmapIPv4(socket.localAddress ?? ''), port: socket.localPort ?? 0 };
  const deframer = new Deframer();
  let pending = 0;
  /** Of the pending: those that wait for their client alone. */
  let streaming = 0;
  let ended = false;
  let stopTimer: Stop = () => undefined;

  socket.on('error', (error) => env.log.debug(`DNS over TCP from ${remote.address}: ${messageOf(error)}`, { remote, error }));
  const holder: Holder = { client: clientOf(remote.address), isIdle: () => pending === 0 && socket.writableLength === 0, evict: () => socket.destroy() };
  if (!places.take(holder)) {
    socket.destroy();
    return;
  }

  const arm = (): void => {
    stopTimer();
    stopTimer = env.clock.after(idleMs, () => {
      if (pending > streaming) arm();
      else socket.destroy();
    });
  };
  // Only a whole message, an answer, or a client that reads sets it back: octets that trickle in don't.
  const touch = (): void => {
    if (socket.destroyed) return;
    places.touch(holder);
    arm();
  };
  const write = (octets: Uint8Array): void => {
    if (!socket.writable) return;
    socket.write(frame(octets), touch);
  };
  // One stream at a time: each more would be a message made, and kept, for a client that may never read.
  const congested = (): boolean => pending >= MAX_PENDING || streaming > 0 || socket.writableNeedDrain;
  const work = (): void => {
    while (!congested() && !socket.destroyed) {
      const octets = deframer.next();
      if (!octets) break;
      touch();
      const answered = answer(octets, { remote, local, transport: 'tcp' });
      if (answered instanceof Promise) {
        pending += 1;
        void answered.then((later) => {
          pending -= 1;
          settle(later);
          work();
        });
      } else {
        settle(answered);
      }
    }
    if (congested()) socket.pause();
    else socket.resume();
    if (ended && pending === 0 && !socket.writableNeedDrain) socket.end();
  };
  // What gets no answer isn't a client's: on a stream there is no telling where sense begins again.
  const settle = (answered: Answered): void => {
    if (isStream(answered)) void send(answered);
    else if (answered) write(answered);
    else socket.destroy();
  };
  // One message at a time, and the next one when the client has read: a zone may be larger than memory has room for.
  // What the system takes at once is written at once, some megabytes of it: others have their turn in between.
  const send = async (stream: OctetStream): Promise<void> => {
    pending += 1;
    streaming += 1;
    try {
      for (const octets of stream) {
        if (socket.destroyed) break;
        await new Promise<void>((resolve) => socket.write(frame(octets), () => nextTurn(resolve)));
        touch();
      }
    } catch (error) {
      env.log.error(`DNS over TCP to ${remote.address}: ${messageOf(error)}`, { remote, error });
      socket.destroy();
    }
    streaming -= 1;
    pending -= 1;
    work();
  };

  socket.on('close', () => {
    stopTimer();
    places.release(holder);
  });
  socket.on('drain', work);
  socket.on('end', () => {
    ended = true;
    work();
  });
  socket.on('data', (chunk) => {
    deframer.push(chunk);
    work();
  });
  touch();
}
