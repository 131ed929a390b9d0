// The DNS parties on real sockets of 127.0.0.1, on whatever ports are free, stopped after each test.

import { createSocket, type RemoteInfo } from 'node:dgram';
import { once } from 'node:events';
import { systemClock, type Clock } from '../../src/base/clock.js';
import { systemRandom } from '../../src/base/random.js';
import { createCatalog, type Catalog } from '../../src/catalog/index.js';
import { createAuthority, createCdnZone, createPublisherZone, createResolver, createRouter, uncheckedHealth, type AuthorityAddress, type LocalDnsOptions, type StoreAddress, type Zone } from '../../src/dns/index.js';
import type { Endpoint } from '../../src/net/address.js';
import { createDnsExchange, type DnsExchange } from '../../src/net/dns/exchange.js';
import type { DnsHandler } from '../../src/net/dns/message.js';
import { createDnsServer } from '../../src/net/dns/server.js';
import { createLog, type LogLine } from '../../src/observe/log.js';
import { freePort } from './free-port.js';

export interface Network {
  readonly local: Endpoint;
  readonly publisher: Endpoint;
  readonly cdn: Endpoint;
}

export interface Parties {
  /** What everybody said. */
  readonly lines: readonly LogLine[];
  readonly exchange: DnsExchange;
  serve(handler: DnsHandler): Promise<Endpoint>;
  authority(zones: readonly Zone[]): Promise<Endpoint>;
  localDns(authorities: readonly AuthorityAddress[], clock?: Clock, options?: Partial<LocalDnsOptions>): Promise<Endpoint>;
  /** All three roles, as `cdn dns` makes them. */
  network(stores: readonly StoreAddress[], catalog?: Catalog): Promise<Network>;
  /** A UDP socket that answers each datagram with whatever `reply` makes of it. */
  rawUdp(reply: (datagram: Buffer) => readonly Uint8Array[]): Promise<Endpoint>;
}

/** Call it in a `describe`. */
export function useParties(): Parties {
  const stops: (() => Promise<unknown>)[] = [];
  const lines: LogLine[] = [];
  const log = createLog((line) => lines.push(line));
  const exchange = createDnsExchange({ clock: systemClock, random: systemRandom });

  afterEach('stop the DNS parties', async () => {
    lines.splice(0);
    for (const stop of stops.splice(0)) await stop();
  });

  const serve = async (handler: DnsHandler): Promise<Endpoint> => {
    const server = createDnsServer({ endpoint: { address: '127.0.0.1', port: 0 } }, handler, { clock: systemClock, log });
    stops.push(() => server.stop());
    await server.start();
    return server.endpoint;
  };
  const authority = (zones: readonly Zone[]): Promise<Endpoint> => serve(createAuthority({ zones }, { clock: systemClock, log }));
  const localDns = (authorities: readonly AuthorityAddress[], clock: Clock = systemClock, options: Partial<LocalDnsOptions> = {}): Promise<Endpoint> =>
    serve(createResolver({ authorities, ...options }, { clock, log, exchange: createDnsExchange({ clock, random: systemRandom }) }));

  return {
    lines,
    exchange,
    serve,
    authority,
    localDns,
    network: async (stores, catalog = createCatalog(['video1.mp4', 'video2.mp4', 'video3.mp4'])) => {
      const home = { address: '127.0.0.1', port: 40_720 };
      const publisher = await authority([createPublisherZone({ catalog, portal: home, authority: home, serial: 1, courtesy: home })]);
      const cdn = await authority([createCdnZone({ catalog, stores, authority: home, serial: 1, router: createRouter({}, { clock: systemClock, health: uncheckedHealth }) })]);
      const authorities = [{ zone: 'hiscinema.com', endpoint: publisher }, { zone: 'hercdn.com', endpoint: cdn }];
      return { publisher, cdn, local: await serve(createResolver({ authorities, catalog }, { clock: systemClock, log, exchange })) };
    },
    rawUdp: async (reply) => {
      const socket = createSocket('udp4');
      stops.push(() => new Promise<void>((resolve) => socket.close(resolve)));
      socket.on('message', (datagram: Buffer, from: RemoteInfo) => {
        for (const octets of reply(datagram)) socket.send(octets, from.port, from.address);
      });
      socket.bind(await freePort(), '127.0.0.1');
      await once(socket, 'listening');
      return { address: '127.0.0.1', port: socket.address().port };
    },
  };
}

/** Real sockets, and deadlines that come `factor` times as soon: nobody waits for four seconds of silence. */
export function createHurriedClock(factor: number): Clock {
  return {
    now: () => systemClock.now(),
    monotonic: () => systemClock.monotonic() * factor,
    sleep: (ms, signal) => systemClock.sleep(ms / factor, signal),
    after: (ms, run) => systemClock.after(ms / factor, run),
  };
}
