// A portal and a store, each a real server on a real socket. The store sends exactly as much as the
// test lets out, so that "while it is still arriving" is a state a test can hold, not a race.

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { get as httpGet, request as httpRequest, type IncomingMessage } from 'node:http';
import { systemClock, type Clock } from '../../../src/base/clock.js';
import { CdnError } from '../../../src/base/errors.js';
import { createCatalog } from '../../../src/catalog/index.js';
import type { Endpoint } from '../../../src/net/address.js';
import { createHttpClient, ConnectError } from '../../../src/net/http/client.js';
import { parseHttpDate } from '../../../src/net/http/date.js';
import { parseReprDigest } from '../../../src/net/http/digest.js';
import { textResponse, type HttpHandler, type HttpRequest, type HttpResponse } from '../../../src/net/http/message.js';
import { createHttpServer, type HttpServer } from '../../../src/net/http/server.js';
import { createLog, type LogLine } from '../../../src/observe/log.js';
import { silentProgress, type Progress } from '../../../src/observe/progress.js';
import { createPortal, type ContentSource, type PortalMode } from '../../../src/web/index.js';
import type { Scratch } from '../../../src/web/scratch.js';

export const LENGTH = 400_000;

/** Octets in which any part tells where it is from. */
export function sampleOctets(length = LENGTH, seed = 1): Buffer {
  const octets = Buffer.alloc(length);
  for (let at = 0; at < length; at += 1) octets[at] = (at * 31 + (at >> 8) * 7 + seed) & 0xff;
  return octets;
}

export interface TestStore {
  /** Method, target and If-None-Match of each request. */
  readonly requests: string[];
  endpoint: Endpoint;
  octets: Buffer;
  etag: string | undefined;
  /** Promised in Repr-Digest in place of the true one. */
  digest: Uint8Array | undefined;
  sendsLength: boolean;
  /** Answers everything with this status, when set. */
  status: number | undefined;
  /** How many octets of each answer may go out. */
  allow(octets: number): void;
  /** Ends running answers with a broken connection. */
  breakOff(): void;
  stop(): Promise<void>;
}

const LAST_MODIFIED = 'Sun, 01 Nov 2026 12:00:00 GMT';

async function startStore(): Promise<TestStore> {
  let allowed = Infinity;
  let broken = 0;
  const waiting = new Set<() => void>();
  const wake = (): void => {
    for (const each of waiting) each();
    waiting.clear();
  };
  const handler: HttpHandler = (request): HttpResponse => {
    store.requests.push([request.method, request.target, request.fields['if-none-match']].filter((part) => part !== undefined).join(' '));
    if (store.status !== undefined) return textResponse(store.status, 'no\n');
    if (store.etag !== undefined && request.fields['if-none-match'] === store.etag) return { status: 304, fields: { etag: store.etag }, body: { kind: 'none' } };
    const { octets } = store;
    const digest = store.digest ?? createHash('sha256').update(octets).digest();
    const breaks = broken;
    async function* body(signal: AbortSignal): AsyncGenerator<Uint8Array> {
      for (let at = 0; at < octets.length; ) {
        const size = Math.min(10_000, octets.length - at, allowed - at);
        if (size > 0) {
          yield octets.subarray(at, at + size);
          at += size;
          continue;
        }
        await new Promise<void>((resolve, reject) => {
          waiting.add(resolve);
          signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
        });
        if (broken > breaks) throw new Error('the test breaks it off');
      }
    }
    return {
      status: 200,
      fields: {
        'content-type': 'video/mp4',
        'last-modified': LAST_MODIFIED,
        'repr-digest': `sha-256=:${Buffer.from(digest).toString('base64')}:`,
        ...(store.etag === undefined ? {} : { etag: store.etag }),
      },
      body: { kind: 'stream', length: store.sendsLength ? octets.length : undefined, open: body },
    };
  };
  const server = createHttpServer({ endpoint: { address: '127.0.0.1', port: 0 } }, handler, { clock: systemClock, log: createLog(() => undefined) });
  await server.start();
  const store: TestStore = {
    requests: [],
    endpoint: server.endpoint,
    octets: sampleOctets(),
    etag: '"one"',
    digest: undefined,
    sendsLength: true,
    status: undefined,
    allow(octets) {
      allowed = octets;
      wake();
    },
    breakOff() {
      broken += 1;
      wake();
    },
    stop: () => server.stop(0),
  };
  return store;
}

export interface TestPortal {
  readonly url: string;
  readonly lines: LogLine[];
  readonly server: HttpServer;
  /** Resolves when so many requests have come since it started. */
  asked(count: number): Promise<void>;
  /** Resolves with the first line, said already or later, that `matches`. */
  said(matches: RegExp): Promise<LogLine>;
  stop(): Promise<void>;
}

export interface PortalSetup {
  readonly files?: readonly string[];
  readonly mode?: PortalMode;
  readonly scratchDir?: string;
  readonly scratch?: Scratch;
  readonly progress?: Progress;
  readonly clock?: Clock;
  readonly relaySpaceBytes?: number;
  readonly content?: Partial<ContentSource>;
}

/** The client's part, without DNS: every title is at `store`. */
export function contentFrom(store: () => Endpoint): { source: ContentSource; close(): Promise<void> } {
  const http = createHttpClient({ clock: systemClock });
  const source: ContentSource = {
    locate: (title) => Promise.resolve(new URL(`http://${store().address}:${store().port}${title.object}`)),
    port: () => Promise.resolve(store().port),
    async open(title, known, signal) {
      const endpoint = store();
      try {
        const response = await http.request({
          endpoint,
          method: 'GET',
          target: title.object,
          host: title.contentName,
          fields: { 'want-repr-digest': 'sha-256=9', ...(known === undefined ? {} : { 'if-none-match': known.etag }) },
          signal,
        });
        const { fields } = response;
        if (response.status === 304) {
          response.discard();
          return { kind: 'unchanged' };
        }
        if (response.status !== 200) {
          response.discard();
          throw new CdnError(response.status === 404 ? 'NO_SUCH_OBJECT' : 'PEER_PROTOCOL', `the store answered ${response.status} for ${title.object}`);
        }
        return {
          kind: 'content',
          length: fields['content-length'] === undefined ? undefined : Number(fields['content-length']),
          etag: fields['etag'],
          lastModifiedMs: parseHttpDate(fields['last-modified'] ?? '', Date.now()),
          contentType: fields['content-type'] ?? '',
          sha256: parseReprDigest(fields['repr-digest'] ?? '')?.sha256,
          from: endpoint,
          body: response.body,
        };
      } catch (cause) {
        if (!(cause instanceof ConnectError)) throw cause;
        throw new CdnError('STORE_UNREACHABLE', `cannot connect to the store ${endpoint.address}:${endpoint.port}`, { suggestions: ['cdn store'], cause });
      }
    },
  };
  return { source, close: () => http.close() };
}

async function startPortal(store: TestStore, setup: PortalSetup): Promise<TestPortal> {
  const lines: LogLine[] = [];
  const waiting = new Set<() => void>();
  const log = createLog((line) => {
    lines.push(line);
    for (const look of waiting) look();
  });
  const clock = setup.clock ?? systemClock;
  const content = contentFrom(() => store.endpoint);
  const portal = createPortal(
    {
      catalog: createCatalog(setup.files ?? ['video1.mp4', 'video2.mp4', 'video3.mp4']),
      mode: setup.mode ?? 'relay',
      defaultStorePort: 40721,
      ...(setup.scratchDir === undefined ? {} : { scratchDir: setup.scratchDir }),
      ...(setup.relaySpaceBytes === undefined ? {} : { relaySpaceBytes: setup.relaySpaceBytes }),
    },
    {
      clock,
      log,
      content: { ...content.source, ...setup.content },
      progress: setup.progress ?? silentProgress,
      ...(setup.scratch === undefined ? {} : { scratch: setup.scratch }),
    },
  );
  let asked = 0;
  const counted: HttpHandler = (request) => {
    asked += 1;
    const answer = portal.handler(request);
    for (const look of waiting) look();
    return answer;
  };
  const server = createHttpServer({ endpoint: { address: '127.0.0.1', port: 0 } }, counted, { clock: systemClock, log });
  await portal.start();
  await server.start();
  return {
    url: `http://127.0.0.1:${server.endpoint.port}`,
    lines,
    server,
    asked: (count) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (asked < count) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
    said: (matches) =>
      new Promise((resolve) => {
        const look = (): void => {
          const found = lines.find((line) => matches.test(line.message));
          if (found === undefined) return;
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
      }),
    async stop() {
      await server.stop(0);
      await portal.stop();
      await content.close();
    },
  };
}

/** Call it in a `describe`: all that its functions start is stopped after each test. */
export function useServers() {
  const stops: (() => Promise<void>)[] = [];
  afterEach('stop servers', async () => {
    for (const stop of stops.splice(0).reverse()) await stop();
  });
  return {
    startStore: async (): Promise<TestStore> => {
      const store = await startStore();
      stops.push(() => store.stop());
      return store;
    },
    startPortal: async (store: TestStore, setup: PortalSetup = {}): Promise<TestPortal> => {
      const portal = await startPortal(store, setup);
      stops.push(() => portal.stop());
      return portal;
    },
    serve: async (handler: (request: HttpRequest) => HttpResponse): Promise<Endpoint> => {
      const server = createHttpServer({ endpoint: { address: '127.0.0.1', port: 0 } }, handler, { clock: systemClock, log: createLog(() => undefined) });
      await server.start();
      stops.push(() => server.stop(0));
      return server.endpoint;
    },
  };
}

export interface Answer {
  readonly status: number;
  readonly fields: Readonly<Record<string, string | undefined>>;
  readonly octets: Buffer;
  readonly text: string;
  /** Whether the connection lasted to the end of the message. */
  readonly complete: boolean;
}

/** A viewer that looks at what it gets as it gets it. */
export interface Viewer {
  /** Resolves when the head is there. */
  readonly head: Promise<IncomingMessage>;
  /** Resolves when at least so many octets of the body are there. */
  has(octets: number): Promise<Buffer>;
  readonly answer: Promise<Answer>;
  leave(): void;
}

export function view(url: string, fields: Readonly<Record<string, string>> = {}): Viewer {
  const parts: Buffer[] = [];
  const waiting = new Set<() => void>();
  const request = httpGet(url, { headers: fields, agent: false });
  const head = once(request, 'response').then(([message]) => {
    const incoming = message as IncomingMessage;
    incoming.on('data', (part: Buffer) => {
      parts.push(part);
      for (const look of waiting) look();
    });
    return incoming;
  });
  const answer = head.then(async (incoming) => {
    await new Promise<void>((resolve) => {
      incoming.on('error', () => resolve());
      incoming.on('close', () => resolve());
    });
    const octets = Buffer.concat(parts);
    return { status: incoming.statusCode ?? 0, fields: incoming.headers as Answer['fields'], octets, text: octets.toString('utf8'), complete: incoming.complete };
  });
  head.catch(() => undefined);
  answer.catch(() => undefined);
  return {
    head,
    answer,
    has: (wanted) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (parts.reduce((sum, part) => sum + part.length, 0) < wanted) return;
          waiting.delete(look);
          resolve(Buffer.concat(parts));
        };
        waiting.add(look);
        look();
      }),
    leave: () => request.destroy(),
  };
}

export const get = (url: string, fields: Readonly<Record<string, string>> = {}): Promise<Answer> => view(url, fields).answer;

/** Any method, and a target exactly as given: `fetch` and URL would tidy it up. */
export function ask(portal: TestPortal, method: string, target: string, fields: Readonly<Record<string, string>> = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { address, port } = portal.server.endpoint;
    const request = httpRequest({ host: address, port, method, path: target, headers: fields, agent: false }, (incoming) => {
      const parts: Buffer[] = [];
      incoming.on('data', (part: Buffer) => parts.push(part));
      incoming.on('error', () => undefined);
      incoming.on('close', () => {
        const octets = Buffer.concat(parts);
        resolve({ status: incoming.statusCode ?? 0, fields: incoming.headers as Answer['fields'], octets, text: octets.toString('utf8'), complete: incoming.complete });
      });
    });
    request.on('error', reject);
    request.end();
  });
}
