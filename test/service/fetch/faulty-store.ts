// A store on a bare socket that serves versions of one object, by the rules or against them: each answer
// may be cut, stall, lie about its range, bring a wrong byte, or come of another version.

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createSeededRandom, type Random } from '../../../src/base/random.js';

export interface FilmVersion {
  readonly bytes: Buffer;
  readonly etag: string;
  readonly sha256: string;
}

/** No two places of it are alike for long. */
const NOISE = Buffer.from(createSeededRandom(1).bytes(1_100_000));

export function filmVersion(random: Random, length: number): FilmVersion {
  const from = random.int(NOISE.length - length);
  const bytes = Buffer.from(NOISE.subarray(from, from + length));
  const digest = createHash('sha256').update(bytes).digest('hex');
  return { bytes, etag: `"${digest.slice(0, 12)}"`, sha256: digest };
}

export type Fault = 'cut' | 'reset' | 'stall' | 'wrong-range' | 'shifted' | 'corrupt' | 'busy' | 'no-ranges' | 'garbage' | 'late-head';

export interface FaultyStore {
  version: FilmVersion;
  /** What the next answers do, one fault each; empty: what is right. */
  readonly faults: Fault[];
  /** Appended to its ETags: stores on different machines give one film different ones. */
  readonly etagSuffix: string;
  /** Whether answers promise a digest. */
  readonly promises: boolean;
  readonly requests: string[];
  kill(): void;
}

interface Asked {
  readonly range: { readonly first: number; readonly last: number } | undefined;
}

function readRequest(head: string, store: FaultyStore, etag: string): Asked {
  const range = /^range: bytes=(\d+)-(\d*)\r$/im.exec(head);
  const condition = /^if-range: (.*)\r$/im.exec(head)?.[1];
  if (range === null || (condition !== undefined && condition !== etag)) return { range: undefined };
  const last = range[2] === '' ? store.version.bytes.length - 1 : Math.min(Number(range[2]), store.version.bytes.length - 1);
  return { range: { first: Number(range[1]), last } };
}

function answer(socket: Socket, head: string, store: FaultyStore, random: Random): void {
  const fault = store.faults.shift();
  const { bytes, sha256 } = store.version;
  const etag = store.version.etag.replace(/"$/, `${store.etagSuffix}"`);
  if (fault === 'late-head') return;
  if (fault === 'garbage') return void socket.end('HTTP/1.1 2000 What\r\n\r\n');
  if (fault === 'busy') return void socket.end('HTTP/1.1 503 Busy\r\nRetry-After: 0\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
  const asked = readRequest(head, store, etag);
  const range = fault === 'no-ranges' ? undefined : asked.range;
  if (range !== undefined && range.first >= bytes.length) {
    return void socket.end(`HTTP/1.1 416 No\r\nContent-Range: bytes */${bytes.length}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
  }
  const { first, last } = range ?? { first: 0, last: bytes.length - 1 };
  const lie = fault === 'wrong-range' ? 1 + random.int(1000) : 0;
  let content = Buffer.from(bytes.subarray(first, last + 1));
  if (fault === 'corrupt') content.writeUInt8(content.readUInt8(0) ^ 0xff, 0);
  if (fault === 'shifted') content = Buffer.concat([content.subarray(1), content.subarray(0, 1)]);
  const fields = [
    `ETag: ${etag}`, 'Accept-Ranges: bytes', `Content-Length: ${content.length}`, 'Connection: close',
    ...(store.promises ? [`Repr-Digest: sha-256=:${Buffer.from(sha256, 'hex').toString('base64')}:`] : []),
    ...(range === undefined ? [] : [`Content-Range: bytes ${first + lie}-${last + lie}/${bytes.length + 2 * lie}`]),
  ];
  socket.write(`HTTP/1.1 ${range === undefined ? '200 OK' : '206 Partial Content'}\r\n${fields.join('\r\n')}\r\n\r\n`);
  const upTo = fault === 'cut' || fault === 'reset' || fault === 'stall' ? random.int(content.length) : content.length;
  socket.write(content.subarray(0, upTo), () => {
    if (fault === 'reset') socket.resetAndDestroy();
    else if (fault !== 'stall') socket.end();
  });
}

export interface StoreOptions {
  readonly version: FilmVersion;
  readonly faults: readonly Fault[];
  readonly etagSuffix?: string;
  readonly promises?: boolean;
}

/** As many stores as there are options, on 127.0.0.1, 127.0.0.2 and so on, all on one port. */
export async function startStores(all: readonly StoreOptions[], random: Random): Promise<{ stores: readonly FaultyStore[]; port: number; close(): Promise<void> }> {
  for (;;) {
    const servers: Server[] = [];
    const sockets = new Set<Socket>();
    const close = async (): Promise<void> => {
      for (const socket of sockets) socket.destroy();
      await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
    };
    const stores: FaultyStore[] = [];
    let port = 0;
    try {
      for (const [index, options] of all.entries()) {
        const own = new Set<Socket>();
        const server = createServer((socket) => {
          sockets.add(socket);
          own.add(socket);
          socket.on('error', () => undefined);
          let head = '';
          socket.on('data', (part: Buffer) => {
            head += part.toString('latin1');
            if (!head.includes('\r\n\r\n')) return;
            store.requests.push(head);
            answer(socket, head, store, random);
            head = '';
          });
        });
        const store: FaultyStore = {
          version: options.version, faults: [...options.faults], etagSuffix: options.etagSuffix ?? '', promises: options.promises ?? true, requests: [],
          kill: () => {
            server.close();
            for (const socket of own) socket.destroy();
          },
        };
        stores.push(store);
        servers.push(server);
        server.listen(port, `127.0.0.${index + 1}`);
        await once(server, 'listening');
        port = (server.address() as AddressInfo).port;
      }
      return { stores, port, close };
    } catch {
      // The port was free on the first address only: another one.
      await close();
    }
  }
}
