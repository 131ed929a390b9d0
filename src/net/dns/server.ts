// A DNS server: UDP and TCP on one address and port, one handler behind both.

import { networkInterfaces } from 'node:os';
import type { Clock } from '../../base/clock.js';
import { messageOf, systemCode } from '../../base/errors.js';
import type { Log } from '../../observe/log.js';
import { formatEndpoint, type Endpoint } from '../address.js';
import { listenError } from '../listen.js';
import { createAnswerer, type Answerer } from './answer.js';
import { parseIPv4, parseIPv6 } from './ip.js';
import type { DnsHandler } from './message.js';
import { openTcp, type TcpListener } from './tcp.js';
import { openUdp, type UdpListener } from './udp.js';

export interface DnsServerOptions {
  /** Port 0 takes one that is free for both UDP and TCP; 0.0.0.0 or :: takes the addresses the machine has at start. */
  readonly endpoint: Endpoint;
  /** Who listens, for messages about failures: "the local DNS". */
  readonly what?: string;
  /** 256 unless said. Beyond, the one idle longest makes room (RFC 7766 §6.2.3). */
  readonly maxTcpConnections?: number;
  /** Of those, for one IPv4 address or IPv6 network of 64 bits (RFC 7766 §6.2.2): a quarter unless said. */
  readonly maxTcpConnectionsPerClient?: number;
  /** RFC 7766 §6.2.3 leaves it to us: a few seconds. */
  readonly tcpIdleMs?: number;
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
  const maxConnections = options.maxTcpConnections ?? MAX_TCP_CONNECTIONS;
  const maxPerClient = options.maxTcpConnectionsPerClient ?? Math.ceil(maxConnections * TCP_CLIENT_SHARE);
  for (let attempt = 1; ; attempt += 1) {
    const tcp = await openTcp(
      { local: { address, port }, maxConnections, maxPerClient, idleMs: options.tcpIdleMs ?? TCP_IDLE_MS },
      answer,
      env,
    );
    try {
      const udp = await openAllUdp(address, tcp.port, answer, env.log);
      return { port: tcp.port, close: () => closeAll([tcp, ...udp]) };
    } catch (error) {
      await tcp.close();
      // The system chose a port free for TCP; for UDP it may not be.
      const another = port === 0 && systemCode(error) === 'EADDRINUSE' && attempt < FREE_PORT_ATTEMPTS;
      if (!another) throw error;
    }
  }
}

async function openAllUdp(address: string, port: number, answer: Answerer, log: Log): Promise<readonly UdpListener[]> {
  const wildcard = isWildcard(address);
  const opened: UdpListener[] = [];
  for (const local of wildcard ? localAddresses(address) : [address]) {
    try {
      opened.push(await openUdp({ address: local, port }, answer, log));
    } catch (error) {
      // An address may have gone, or not be ready yet, since the machine listed it.
      if (wildcard && systemCode(error) === 'EADDRNOTAVAIL') {
        log.warn(`not answering on UDP ${formatEndpoint({ address: local, port })}: ${messageOf(error)}`, { address: local, port });
      } else {
        await closeAll(opened);
        throw error;
      }
    }
  }
  if (opened.length === 0) throw new Error(`this machine has no address that ${address} could stand for`);
  return opened;
}

async function closeAll(listeners: readonly (UdpListener | TcpListener)[]): Promise<void> {
  await Promise.all(listeners.map((listener) => listener.close()));
}

function isWildcard(address: string): boolean {
  return (parseIPv4(address) ?? parseIPv6(address))?.every((octet) => octet === 0) === true;
}

/**
 * A UDP socket bound to the wildcard answers from whichever address the route suggests, and clients
 * drop what comes from another address than they asked (RFC 2181 §4.1): so one socket an address. ::
 * means IPv4 too, as it does for TCP.
 */
function localAddresses(wildcard: string): readonly string[] {
  const both = wildcard.includes(':');
  return Object.entries(networkInterfaces()).flatMap(([, addresses = []]) =>
    addresses
      // A link-local address is no address without its link, and no Endpoint holds one.
      .filter(({ family, address }) => family === 'IPv4' || (both && !/^fe[89ab]/i.test(address)))
      .map(({ address }) => address),
  );
}
