// Who holds the connections that a server has room for (RFC 7766 §6.2.2, §6.2.3). No sockets here.

import { parseIPv6 } from './dns/ip.js';

export interface PlaceLimits {
  readonly total: number;
  /** For one IPv4 address, or one IPv6 network of 64 bits, within which a client has any address it likes. */
  readonly perClient: number;
}

export interface Holder {
  /** Of clientOf. */
  readonly client: string;
  /** Nothing is being worked on for it, and nothing is on its way to it. */
  isIdle(): boolean;
  /** Its place was given to another. */
  evict(): void;
}

export interface Places {
  /** A place for a new connection, if need be that of the one idle longest; false when there is none to be had. */
  take(holder: Holder): boolean;
  /** It has just done something. */
  touch(holder: Holder): void;
  release(holder: Holder): void;
}

const IPV6_CLIENT_OCTETS = 8;

/** Whose connections count together. An IPv4-mapped address must come as IPv4. */
export function clientOf(address: string): string {
  const octets = parseIPv6(address.replace(/%.*$/, ''));
  return octets ? Buffer.from(octets.subarray(0, IPV6_CLIENT_OCTETS)).toString('hex') : address;
}

export function createPlaces(limits: PlaceLimits): Places {
  // The one idle longest comes first.
  const held = new Set<Holder>();
  const counts = new Map<string, number>();

  const release = (holder: Holder): void => {
    if (!held.delete(holder)) return;
    const left = (counts.get(holder.client) ?? 0) - 1;
    if (left > 0) counts.set(holder.client, left);
    else counts.delete(holder.client);
  };
  /** A client that has its share makes room at its own cost, and not at another's. */
  const findIdle = (client: string | undefined): Holder | undefined => {
    for (const holder of held) if ((client === undefined || holder.client === client) && holder.isIdle()) return holder;
    return undefined;
  };
  return {
    take: (holder) => {
      const own = counts.get(holder.client) ?? 0;
      const greedy = own >= limits.perClient;
      if (greedy || held.size >= limits.total) {
        const victim = findIdle(greedy ? holder.client : undefined);
        if (!victim) return false;
        release(victim);
        victim.evict();
      }
      held.add(holder);
      counts.set(holder.client, (counts.get(holder.client) ?? 0) + 1);
      return true;
    },
    touch: (holder) => {
      if (held.delete(holder)) held.add(holder);
    },
    release,
  };
}
