// The UDP sockets of a name server: one for its address, or one for each address the machine has. Those
// come and go while a server runs: a lease, a cable, the temporary addresses of RFC 8981.

import { networkInterfaces } from 'node:os';
import type { Clock, Stop } from '../../base/clock.js';
import { messageOf, systemCode } from '../../base/errors.js';
import type { Log } from '../../observe/log.js';
import { formatEndpoint, type Endpoint } from '../address.js';
import type { Answerer } from './answer.js';
import { parseIPv4, parseIPv6 } from './ip.js';
import { expectAddress, openUdp, type UdpListener } from './udp.js';

export interface UdpPlacesEnv {
  readonly clock: Clock;
  readonly log: Log;
  /** The machine's addresses; the system's list unless said. */
  readonly addresses?: () => readonly string[];
}

/** With the other workers of a cluster. */
export interface Sharing {
  /** They answer already, and this one takes the place of another. */
  readonly joins: boolean;
}

/** How long a new address may have to wait for its first answer. */
const LOOK_EVERY_MS = 5_000;

/**
 * A UDP socket bound to the wildcard answers from whichever address the route suggests, and clients
 * drop what comes from another address than they asked (RFC 2181 §4.1): so one socket an address. ::
 * means IPv4 too, as it does for TCP. `sharing`: absent, they are this process's own. Rejects with the
 * system's error, and nothing is then left open.
 */
export async function openUdpPlaces(local: Endpoint, answer: Answerer, env: UdpPlacesEnv, sharing?: Sharing): Promise<UdpListener> {
  const shared = sharing !== undefined;
  if (!isWildcard(local.address)) return openUdp(local, answer, env.log, shared);
  const list = env.addresses ?? systemAddresses;
  const both = local.address.includes(':');
  // A link-local address is no address without its link, and no Endpoint holds one.
  const wanted = (): ReadonlySet<string> => new Set(list().filter((address) => !address.includes(':') || (both && !/^fe[89ab]/i.test(address))));
  const open = new Map<string, UdpListener>();
  const closeAll = async (): Promise<void> => {
    await Promise.all([...open.values()].map((listener) => listener.close()));
  };
  const place = (address: string): Endpoint => ({ address, port: local.port });
  /** Of one address, the same complaint once. */
  const complained = new Set<string>();

  const take = async (address: string): Promise<void> => {
    // node:cluster numbers a worker's attempts at an address, and shares a socket only between attempts of the same
    // number: one that is sure to fail would set this worker apart from the others.
    if (shared) await expectAddress(address);
    open.set(address, await openUdp(place(address), answer, env.log, shared));
    complained.delete(address);
  };
  const complain = (address: string, error: unknown): void => {
    if (complained.has(address)) return;
    complained.add(address);
    env.log.warn(`not answering on UDP ${formatEndpoint(place(address))}: ${messageOf(error)}`, { ...place(address) });
  };

  for (const address of wanted()) {
    try {
      await take(address);
    } catch (error) {
      // An address may have gone, or not be ready yet, since the machine listed it; and another worker may have
      // it by a later attempt, which this one comes to.
      if (systemCode(error) === 'EADDRNOTAVAIL' || (sharing?.joins === true && systemCode(error) === 'EADDRINUSE')) complain(address, error);
      else {
        await closeAll();
        throw error;
      }
    }
  }
  if (open.size === 0) throw new Error(`this machine has no address that ${local.address} could stand for`);

  let closed = false;
  let looking: Promise<void> = Promise.resolve();
  let stop: Stop = () => undefined;
  const look = async (): Promise<void> => {
    const now = wanted();
    for (const [address, listener] of open) {
      if (now.has(address)) continue;
      open.delete(address);
      await listener.close();
      env.log.info(`no longer answering on UDP ${formatEndpoint(place(address))}: the machine has lost that address`, { ...place(address) });
    }
    for (const address of now) {
      if (open.has(address)) continue;
      try {
        await take(address);
        env.log.info(`answering on UDP ${formatEndpoint(place(address))} as well: the machine has that address now`, { ...place(address) });
      } catch (error) {
        complain(address, error);
      }
    }
  };
  const lookLater = (): void => {
    if (closed) return;
    stop = env.clock.after(LOOK_EVERY_MS, () => {
      looking = look().catch((error: unknown) => env.log.debug(`the machine's addresses could not be read: ${messageOf(error)}`)).finally(lookLater);
    });
  };
  lookLater();
  return {
    close: async () => {
      closed = true;
      stop();
      await looking;
      await closeAll();
    },
  };
}

function isWildcard(address: string): boolean {
  return (parseIPv4(address) ?? parseIPv6(address))?.every((octet) => octet === 0) === true;
}

function systemAddresses(): readonly string[] {
  return Object.values(networkInterfaces()).flatMap((addresses = []) => addresses.map(({ address }) => address));
}
