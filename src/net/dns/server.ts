// A DNS server: UDP and TCP on one address and port, one handler behind both.

import type { Clock } from '../../base/clock.js';
import { systemCode } from '../../base/errors.js';
import type { Log } from '../../observe/log.js';
import type { Endpoint } from '../address.js';
import { listenError } from '../listen.js';
import { createAnswerer, type Answerer } from './answer.js';
import type { DnsHandler } from './message.js';
import { openTcp } from './tcp.js';
import { openUdpPlaces } from './udp-places.js';

export interface DnsServerOptions {
  /** Port 0 takes one that is free for both UDP and TCP; 0.0.0.0 or :: takes the addresses the machine has, as they come and go. */
  readonly endpoint: Endpoint;
  /** Who listens, for messages about failures: "the local DNS". */
  readonly what?: string;
  /** 256 unless said. Beyond, the one idle longest makes room (RFC 7766 §6.2.3). */
  readonly maxTcpConnections?: number;
  /** Of those, for one IPv4 address or IPv6 network of 64 bits (RFC 7766 §6.2.2): a quarter unless said. */
  readonly maxTcpConnectionsPerClient?: number;
  /** RFC 7766 §6.2.3 leaves it to us: a few seconds. */
  readonly tcpIdleMs?: number;
  /** How many workers (node:cluster) answer on these sockets, this process one of them; absent: they are its own. */
  readonly workers?: number | undefined;
  /** The other workers answer already, and this one takes the place of another. */
  readonly joins?: boolean | undefined;
}

export interface DnsServer {
  /** The real port once started. */
  readonly endpoint: Endpoint;
  /** @throws CdnError ADDRESS_IN_USE, ADDRESS_UNAVAILABLE; nothing is then left open. */
  start(): Promise<void>;
  /** Closes everything at once; answers still being made are dropped. */
  stop(): Promise<void>;
}

interface Listeners {
  readonly port: number;
  close(): Promise<void>;
}

const MAX_TCP_CONNECTIONS = 256;
const TCP_CLIENT_SHARE = 1 / 4;
const TCP_IDLE_MS = 10_000;
/** How many ports are tried until one is free for TCP and UDP alike. */
const FREE_PORT_ATTEMPTS = 16;

export function createDnsServer(options: DnsServerOptions, handler: DnsHandler, env: { readonly clock: Clock; readonly log: Log }): DnsServer {
  const answer = createAnswerer(handler, env.log, { tcpIdleMs: options.tcpIdleMs ?? TCP_IDLE_MS });
  let endpoint = options.endpoint;
  let running: Promise<Listeners> | undefined;
  return {
    get endpoint() {
      return endpoint;
    },
    start: async () => {
      running ??= openListeners(options, answer, env);
      try {
        endpoint = { address: options.endpoint.address, port: (await running).port };
      } catch (error) {
        running = undefined;
        throw listenError(options.what ?? 'DNS', options.endpoint, error);
      }
    },
    stop: async () => {
      const stopping = running;
      running = undefined;
      // A start that failed has told its caller, and has left nothing open.
      const listeners = await stopping?.catch(() => undefined);
      await listeners?.close();
    },
  };
}

async function openListeners(options: DnsServerOptions, answer: Answerer, env: { readonly clock: Clock; readonly log: Log }): Promise<Listeners> {
  const { address, port } = options.endpoint;
  const { workers } = options;
  const shared = workers !== undefined;
  // What all hold together is bounded, and nobody knows what the others hold.
  const maxConnections = Math.ceil((options.maxTcpConnections ?? MAX_TCP_CONNECTIONS) / (workers ?? 1));
  const maxPerClient = options.maxTcpConnectionsPerClient ?? Math.ceil(maxConnections * TCP_CLIENT_SHARE);
  for (let attempt = 1; ; attempt += 1) {
    const tcp = await openTcp(
      { local: { address, port }, shared, maxConnections, maxPerClient, idleMs: options.tcpIdleMs ?? TCP_IDLE_MS },
      answer,
      env,
    );
    try {
      const udp = await openUdpPlaces({ address, port: tcp.port }, answer, env, shared ? { joins: options.joins === true } : undefined);
      const close = async (): Promise<void> => {
        await Promise.all([tcp.close(), udp.close()]);
      };
      return { port: tcp.port, close };
    } catch (error) {
      await tcp.close();
      // The system chose a port free for TCP; for UDP it may not be. Workers must all come to the same one: theirs is the primary's to try again.
      const another = port === 0 && !shared && systemCode(error) === 'EADDRINUSE' && attempt < FREE_PORT_ATTEMPTS;
      if (!another) throw error;
    }
  }
}
