// One UDP socket of a server: a datagram in, at most one out, from the address it was sent to.

import { createSocket, type Socket, type SocketOptions } from 'node:dgram';
import { messageOf } from '../../base/errors.js';
import type { Log } from '../../observe/log.js';
import { formatEndpoint, type Endpoint } from '../address.js';
import { isStream, type Answered, type Answerer } from './answer.js';

/** Octets that may wait for the system to send them; answers beyond it are dropped, as the network may drop any. */
const MAX_SEND_QUEUE_OCTETS = 4 * 1024 * 1024;
/** To ask how many wait costs as much as to look an answer up: it is asked once for so many answers, none of which is large. */
const ANSWERS_A_LOOK = 64;

export interface UdpListener {
  close(): Promise<void>;
}

/** A socket for addresses, never names: Node would otherwise ask the system's resolver about each address, a turn of the event loop each time. */
export function createUdpSocket(address: string): Socket {
  const lookup: SocketOptions['lookup'] = (host, _options, callback) => callback(null, host, host.includes(':') ? 6 : 4);
  return createSocket(address.includes(':') ? { type: 'udp6', ipv6Only: true, lookup } : { type: 'udp4', lookup });
}

/** Bound and answering; `shared` with the other workers of a cluster. Rejects with the system's error. */
export async function openUdp(local: Endpoint, answer: Answerer, log: Log, shared = false): Promise<UdpListener> {
  const socket = createUdpSocket(local.address);
  await bindUdp(socket, local, shared);
  let open = true;
  let answers = 0;
  let isFull = false;
  const send = (octets: Answered, remote: Endpoint): void => {
    if (!octets || isStream(octets) || !open) return;
    if (answers++ % ANSWERS_A_LOOK === 0) isFull = socket.getSendQueueSize() >= MAX_SEND_QUEUE_OCTETS;
    if (!isFull) socket.send(octets, remote.port, remote.address);
  };
  // Whatever a datagram, or an ICMP message about one, has done to the socket: the next is another matter.
  socket.on('error', (error) => log.debug(`UDP ${formatEndpoint(local)}: ${messageOf(error)}`, { error }));
  socket.on('message', (octets, from) => {
    // Nothing can be sent to port 0, and nobody honest sends from there.
    if (from.port === 0) return;
    const remote: Endpoint = { address: from.address, port: from.port };
    const answered = answer(octets, { remote, local, transport: 'udp' });
    if (answered instanceof Promise) void answered.then((later) => send(later, remote));
    else send(answered, remote);
  });
  return {
    close: () => {
      open = false;
      return new Promise((resolve) => socket.close(() => resolve()));
    },
  };
}

/** Rejects with the system's error where the machine doesn't have the address, or not yet. */
export async function expectAddress(address: string): Promise<void> {
  const socket = createUdpSocket(address);
  await bindUdp(socket, { address, port: 0 });
  await new Promise<void>((resolve) => socket.close(() => resolve()));
}

/** Rejects with the system's error, and the socket is then closed. */
export function bindUdp(socket: Socket, local: Endpoint, shared = false): Promise<void> {
  return new Promise((resolve, reject) => {
    const onError = (error: Error): void => {
      socket.close();
      reject(error);
    };
    socket.once('error', onError);
    socket.bind({ address: local.address, port: local.port, exclusive: !shared }, () => {
      socket.off('error', onError);
      resolve();
    });
  });
}
