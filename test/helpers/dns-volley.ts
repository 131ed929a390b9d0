// Many queries to one server at once, over one UDP socket or one TCP connection: each answer finds its
// query by its ID.

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Endpoint } from '../../src/net/address.js';
import { Deframer, frame } from '../../src/net/dns/framing.js';

export interface Volley {
  /** The answers in the order of the queries; undefined for one that was not answered, asked three times. IDs are set here. */
  ask(queries: readonly Uint8Array[]): Promise<readonly (Uint8Array | undefined)[]>;
  close(): void;
}

/** Queries under way at once: few enough for the default buffers of a UDP socket. */
const WINDOW = 32;
const PATIENCE_MS = 1500;

export async function openVolley(server: Endpoint, transport: 'udp' | 'tcp'): Promise<Volley> {
  const waiting = new Map<number, (octets: Uint8Array) => void>();
  const receive = (octets: Uint8Array): void => waiting.get(((octets[0] ?? 0) << 8) | (octets[1] ?? 0))?.(octets);
  const { send, close } = await (transport === 'udp' ? openUdp(server, receive) : openTcp(server, receive));
  let nextId = 1;

  const askOnce = (query: Uint8Array): Promise<Uint8Array | undefined> =>
    new Promise((resolve) => {
      const id = nextId;
      nextId = (nextId + 1) & 0xffff;
      const done = (octets: Uint8Array | undefined): void => {
        clearTimeout(timer);
        waiting.delete(id);
        resolve(octets);
      };
      const timer = setTimeout(() => done(undefined), PATIENCE_MS);
      waiting.set(id, done);
      const sent = query.slice();
      sent[0] = id >>> 8;
      sent[1] = id & 0xff;
      send(sent);
    });

  return {
    close,
    ask: async (queries) => {
      const answers = new Array<Uint8Array | undefined>(queries.length).fill(undefined);
      let next = 0;
      const work = async (): Promise<void> => {
        for (let at = next++; at < queries.length; at = next++) {
          const query = queries[at];
          for (let attempt = 0; query && attempt < 3 && !answers[at]; attempt += 1) answers[at] = await askOnce(query);
        }
      };
      await Promise.all(Array.from({ length: WINDOW }, work));
      return answers;
    },
  };
}

interface Line {
  send(octets: Uint8Array): void;
  close(): void;
}

async function openUdp(server: Endpoint, receive: (octets: Uint8Array) => void): Promise<Line> {
  const socket = createSocket({ type: server.address.includes(':') ? 'udp6' : 'udp4', recvBufferSize: 1 << 20 });
  socket.on('message', (octets) => receive(new Uint8Array(octets)));
  socket.on('error', () => undefined);
  socket.connect(server.port, server.address);
  await once(socket, 'connect');
  return { send: (octets) => socket.send(octets), close: () => socket.close() };
}

async function openTcp(server: Endpoint, receive: (octets: Uint8Array) => void): Promise<Line> {
  const socket = connect({ host: server.address, port: server.port, noDelay: true });
  const deframer = new Deframer();
  socket.on('data', (chunk) => {
    deframer.push(chunk);
    for (let message = deframer.next(); message; message = deframer.next()) receive(message.slice());
  });
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return { send: (octets) => socket.write(frame(octets)), close: () => socket.destroy() };
}
