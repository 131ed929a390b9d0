// Small parties for tests of the client, on real sockets of 127.0.0.1: a DNS that answers from a table, an
// HTTP server with a handler, a TCP server that misbehaves at will. All are gone after each test.

import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { systemClock } from '../../../src/base/clock.js';
import { systemRandom } from '../../../src/base/random.js';
import { createFetcher, formatStory, type FetchEnv, type FetchEvent, type FetchOptions, type FetchReport, type FetchRequest, type Fetcher } from '../../../src/fetch/index.js';
import type { Endpoint } from '../../../src/net/address.js';
import { encodeAccount, type Account } from '../../../src/net/dns/account.js';
import { createResponse } from '../../../src/net/dns/build.js';
import { createEdns } from '../../../src/net/dns/edns.js';
import { createDnsExchange } from '../../../src/net/dns/exchange.js';
import { CLASS, RCODE, TYPE, type DnsHandler, type DnsMessage, type EdnsOption, type RData, type ResourceRecord } from '../../../src/net/dns/message.js';
import { Name } from '../../../src/net/dns/name.js';
import { createDnsServer } from '../../../src/net/dns/server.js';
import { formatType } from '../../../src/net/dns/text.js';
import { decodeMessage, encodeMessage } from '../../../src/net/dns/wire.js';
import { createHttpClient } from '../../../src/net/http/client.js';
import { jsonResponse, type HttpHandler, type HttpResponse } from '../../../src/net/http/message.js';
import { createHttpServer } from '../../../src/net/http/server.js';
import { silentLog } from '../../../src/observe/log.js';
import { freePort } from '../../helpers/free-port.js';

const HERE = '127.0.0.1';

export function name(text: string): Name {
  const parsed = Name.parse(text);
  if (parsed === undefined) throw new Error(`not a name: ${text}`);
  return parsed;
}

function record(owner: string, type: number, ttl: number, data: RData): ResourceRecord {
  return { name: name(owner), type, class: CLASS.IN, ttl, data };
}

export const a = (owner: string, address: string, ttl = 20): ResourceRecord => record(owner, TYPE.A, ttl, { kind: 'A', address });
export const aaaa = (owner: string, address: string, ttl = 20): ResourceRecord => record(owner, TYPE.AAAA, ttl, { kind: 'AAAA', address });
export const cname = (owner: string, target: string, ttl = 300): ResourceRecord => record(owner, TYPE.CNAME, ttl, { kind: 'CNAME', target: name(target) });
export const srv = (owner: string, port: number, target: string, priority = 0): ResourceRecord =>
  record(owner, TYPE.SRV, 300, { kind: 'SRV', priority, weight: 0, port, target: name(target) });
export const v = (owner: string, content: string, object: string): ResourceRecord =>
  record(owner, TYPE.V, 20, { kind: 'V', content: name(content), object: Buffer.from(object) });

export interface TableAnswer {
  readonly rcode?: number;
  readonly answers?: readonly ResourceRecord[];
  readonly account?: Account;
  readonly options?: readonly EdnsOption[];
}

/** "A file1.hiscinema.com" -> the answer; NXDOMAIN for what isn't there. Every question is noted in `asked`. */
export function table(rows: Readonly<Record<string, TableAnswer>>, asked: string[] = []): DnsHandler {
  return ({ message, question }) => {
    const key = `${formatType(question.type)} ${question.name.toString().slice(0, -1).toLowerCase()}`;
    asked.push(key);
    const row = rows[key];
    if (row === undefined) return createResponse(message, { rcode: RCODE.NXDOMAIN });
    const options = [...(row.account === undefined ? [] : [encodeAccount(row.account)]), ...(row.options ?? [])];
    return createResponse(message, {
      rcode: row.rcode ?? RCODE.NOERROR, answers: row.answers ?? [], recursionAvailable: true,
      ...(message.edns === undefined ? {} : { edns: createEdns({ options }) }),
    });
  };
}

/** Rows for a site with one title, File1, whose content is at `content`. */
export function siteRows(portal: Endpoint, content: Endpoint): Readonly<Record<string, TableAnswer>> {
  return {
    'A hiscinema.com': { answers: [a('hiscinema.com', portal.address, 300)] },
    'SRV _http._tcp.hiscinema.com': { answers: [srv('_http._tcp.hiscinema.com', portal.port, 'www.hiscinema.com')] },
    'A file1.hiscinema.com': { answers: [cname('file1.hiscinema.com', 'file1.hercdn.com'), a('file1.hercdn.com', content.address)] },
    'V file1.hiscinema.com': { answers: [cname('file1.hiscinema.com', 'file1.hercdn.com'), v('file1.hercdn.com', 'file1.hercdn.com', 'video1')] },
  };
}

function contentUrl(number: number, port: number): string {
  const url = new URL('http://hiscinema.com');
  url.host = `file${number}.hiscinema.com:${port}`;
  return new URL(`/video${number}.mp4`, url).href;
}

export function indexHandler(port: number): HttpHandler {
  const entry = (number: number) => ({
    title: `File${number}`, page: `/F${number}/`, content: contentUrl(number, port), object: `video${number}`,
  });
  return () => jsonResponse(200, { site: 'hiscinema.com', titles: [entry(1), entry(2), entry(3)] });
}

/** 200 with these chunks, their number not said before. */
export function streamed(chunks: () => Iterable<Uint8Array>): HttpResponse {
  return { status: 200, fields: {}, body: { kind: 'stream', length: undefined, open: () => Readable.from(chunks()) } };
}

export interface Run {
  readonly report: FetchReport | undefined;
  readonly error: unknown;
  readonly events: readonly FetchEvent[];
  readonly story: readonly string[];
}

export function useParties() {
  const closing: (() => Promise<unknown>)[] = [];
  afterEach('stop parties', async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });

  async function dns(handler: DnsHandler): Promise<Endpoint> {
    const server = createDnsServer({ endpoint: { address: HERE, port: 0 } }, handler, { clock: systemClock, log: silentLog });
    await server.start();
    closing.push(() => server.stop());
    return server.endpoint;
  }

  async function http(handler: HttpHandler): Promise<Endpoint> {
    const server = createHttpServer({ endpoint: { address: HERE, port: 0 } }, handler, { clock: systemClock, log: silentLog });
    await server.start();
    closing.push(() => server.stop(0));
    return server.endpoint;
  }

  async function listen(server: Server): Promise<Endpoint> {
    const sockets = new Set<Socket>();
    server.on('connection', (socket: Socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined);
    });
    server.listen(0, HERE);
    await once(server, 'listening');
    closing.push(async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    });
    return { address: HERE, port: (server.address() as AddressInfo).port };
  }

  /** Whoever connects is handed to `serve` once it has sent its request's head. */
  const tcp = (serve: (socket: Socket, head: string) => void): Promise<Endpoint> =>
    listen(createServer((socket) => socket.once('data', (head: Buffer) => serve(socket, head.toString('latin1')))));

  /** A bare UDP socket: what `answer` makes of a query is sent as it is. */
  async function bareDns(answer: (query: DnsMessage) => DnsMessage | undefined): Promise<Endpoint> {
    const socket: UdpSocket = createSocket('udp4');
    socket.on('message', (octets, peer) => {
      const decoded = decodeMessage(octets);
      const response = decoded.kind === 'message' ? answer(decoded.message) : undefined;
      if (response !== undefined) socket.send(encodeMessage(response), peer.port, peer.address);
    });
    socket.bind(0, HERE);
    await once(socket, 'listening');
    closing.push(async () => {
      socket.close();
      await once(socket, 'close');
    });
    return { address: HERE, port: socket.address().port };
  }

  /** A DNS socket that takes questions and never answers. */
  const silentDns = (): Promise<Endpoint> => bareDns(() => undefined);

  /** An endpoint where nobody is: the port was free a moment ago. */
  async function nobody(): Promise<Endpoint> {
    return { address: HERE, port: await freePort(HERE) };
  }

  function fetcher(options: Partial<FetchOptions> & { dns: Endpoint }, over: Partial<FetchEnv> = {}): Fetcher {
    const client = createHttpClient({ clock: systemClock });
    closing.push(() => client.close());
    const unknown = (): Promise<never> => Promise.reject(Object.assign(new Error('unknown'), { code: 'ENOTFOUND' }));
    return createFetcher(
      { systemResolver: false, timeoutMs: 5000, ...options },
      { clock: systemClock, random: systemRandom, http: client, exchange: createDnsExchange({ clock: systemClock, random: systemRandom }), lookup: unknown, ...over },
    );
  }

  /** Fetches to the end, whichever it is. */
  async function run(client: Fetcher, request: Partial<FetchRequest> & { target: string }, options: { signal?: AbortSignal; onEvent?: (event: FetchEvent) => void } = {}): Promise<Run> {
    const events: FetchEvent[] = [];
    let report: FetchReport | undefined;
    let error: unknown;
    try {
      const full: FetchRequest = { type: 'A', output: { kind: 'stdout', write: () => Promise.resolve() }, force: false, ...request };
      report = await client.fetch(full, (event) => { events.push(event); options.onEvent?.(event); }, options.signal ?? new AbortController().signal);
    } catch (cause) {
      error = cause;
    }
    const story = formatStory(events.flatMap((event) => (event.kind === 'message' ? [event.message] : [])));
    return { report, error, events, story };
  }

  return { dns, http, tcp, listen, bareDns, silentDns, nobody, fetcher, run };
}
