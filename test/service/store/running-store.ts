// A store on a real socket in the test's own process, and a client that keeps what it got octet by
// octet. All of it is closed after each test.

import { once } from 'node:events';
import { createHash } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { systemClock, type Clock } from '../../../src/base/clock.js';
import { createHttpServer, type HttpServer } from '../../../src/net/http/server.js';
import { createLog, type LogLine } from '../../../src/observe/log.js';
import { createStore, type Store, type StoreOptions } from '../../../src/store/index.js';

export interface RunningStore {
  readonly port: number;
  readonly url: string;
  readonly lines: readonly LogLine[];
  /** Resolves once a line of the log matches. */
  logged(pattern: RegExp): Promise<LogLine>;
  stop(): Promise<void>;
}

/** Call it in a `describe`: the function it returns starts a store of `dir`. */
export function useStores(): (dir: string, over?: Partial<StoreOptions>, clock?: Clock) => Promise<RunningStore> {
  const running: { readonly store: Store; readonly server: HttpServer }[] = [];
  afterEach('stop stores', async () => {
    for (const { store, server } of running.splice(0)) {
      await server.stop(0);
      await store.stop();
    }
  });
  return async (dir, over = {}, clock = systemClock) => {
    const lines: LogLine[] = [];
    const waiting = new Set<() => void>();
    const log = createLog((line) => {
      lines.push(line);
      for (const look of waiting) look();
    });
    const store = createStore({ dir, id: 'store-1', ...over }, { clock, log });
    await store.start();
    const server = createHttpServer({ endpoint: { address: '127.0.0.1', port: 0 } }, store.handler, { clock: systemClock, log });
    running.push({ store, server });
    await server.start();
    const { port } = server.endpoint;
    return {
      port,
      url: `http://127.0.0.1:${port}`,
      lines,
      logged: (pattern) =>
        new Promise((resolve) => {
          const look = (): void => {
            const line = lines.find(({ message }) => pattern.test(message));
            if (line === undefined) return;
            waiting.delete(look);
            resolve(line);
          };
          waiting.add(look);
          look();
        }),
      stop: async () => {
        await server.stop(0);
        await store.stop();
      },
    };
  };
}

export interface Answer {
  readonly status: number;
  readonly fields: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** As many octets as Content-Length promised. */
  readonly complete: boolean;
}

export function parseAnswer(octets: Buffer): Answer {
  const end = octets.indexOf('\r\n\r\n');
  if (end < 0) throw new Error(`no complete head in ${JSON.stringify(octets.toString('latin1'))}`);
  const [statusLine = '', ...fieldLines] = octets.subarray(0, end).toString('latin1').split('\r\n');
  const fields = Object.fromEntries(fieldLines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]));
  const body = octets.subarray(end + 4);
  return { status: Number(statusLine.split(' ')[1]), fields, body, complete: Number(fields['content-length'] ?? 0) === body.length };
}

/** Sends one request and reads until the store closes; `fields` are given as lines. */
export async function ask(port: number, method: string, target: string, fields: readonly string[] = []): Promise<Answer> {
  const socket = connect(port, '127.0.0.1');
  const parts: Buffer[] = [];
  socket.on('data', (part: Buffer) => parts.push(part));
  socket.on('error', () => undefined);
  const closed = once(socket, 'close');
  socket.write(Buffer.from([`${method} ${target} HTTP/1.1`, 'Host: test', 'Connection: close', ...fields, '', ''].join('\r\n'), 'latin1'));
  await closed;
  return parseAnswer(Buffer.concat(parts));
}

/** A connection whose reader takes octets only when told to. */
export interface SlowReader {
  readonly socket: Socket;
  /** Octets read so far, with the head. */
  received(): Buffer;
  /** Reads until at least this many octets are there or the connection ends. */
  readTo(octets: number): Promise<void>;
  /** Reads until the connection ends. */
  readAll(): Promise<void>;
}

/** Call it in a `describe`: the function it returns connects and sends a GET. */
export function useSlowReaders(): (port: number, target: string, fields?: readonly string[]) => SlowReader {
  const sockets: Socket[] = [];
  afterEach('close readers', () => {
    for (const socket of sockets.splice(0)) socket.destroy();
  });
  return (port, target, fields = []) => {
    const socket = connect(port, '127.0.0.1');
    sockets.push(socket);
    socket.on('error', () => undefined);
    let parts: Buffer[] = [];
    let length = 0;
    let wanted = 0;
    let wake: () => void = () => undefined;
    socket.on('data', (part: Buffer) => {
      parts.push(part);
      length += part.length;
      if (length >= wanted) socket.pause();
      wake();
    });
    socket.on('close', () => wake());
    socket.pause();
    socket.write([`GET ${target} HTTP/1.1`, 'Host: test', 'Connection: close', ...fields, '', ''].join('\r\n'));
    const readTo = async (octets: number): Promise<void> => {
      wanted = octets;
      while (length < wanted && !socket.closed) {
        const woken = new Promise<void>((resolve) => (wake = resolve));
        socket.resume();
        await woken;
      }
    };
    return {
      socket,
      received: () => {
        const all = Buffer.concat(parts);
        parts = [all];
        return all;
      },
      readTo,
      readAll: () => readTo(Infinity),
    };
  };
}

export function sha256(octets: Uint8Array): Buffer {
  return createHash('sha256').update(octets).digest();
}
