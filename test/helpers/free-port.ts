// Ports nobody uses, for tests that must name a port before the server has it. A server in the
// test's own process takes port 0 instead.

import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** Whether nothing holds `port` of `address`, neither over TCP nor over UDP. */
export async function isPortFree(port: number, address = '127.0.0.1'): Promise<boolean> {
  const tcp = createServer();
  const udp = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  try {
    tcp.listen({ port, host: address, exclusive: true });
    await once(tcp, 'listening');
    udp.bind({ port, address, exclusive: true });
    await once(udp, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    if (tcp.listening) await new Promise((resolve) => tcp.close(resolve));
    await new Promise<void>((resolve) => udp.close(resolve));
  }
}

/** Below the ports that systems give to clients: none of those can take one between the look and its use. */
const FIRST = 20_000;
const LAST = 31_999;

/** A port that a moment ago was free on every one of `addresses`, over TCP and UDP; never the same twice in one process. */
export function freePort(...addresses: readonly string[]): Promise<number> {
  return freePorts(1, ...addresses);
}

/** The first of `count` such ports, one after the other. */
export async function freePorts(count: number, ...addresses: readonly string[]): Promise<number> {
  const everywhere = addresses.length === 0 ? ['127.0.0.1'] : addresses;
  for (;;) {
    const first = randomInt(FIRST, LAST - count);
    const ports = Array.from({ length: count }, (_, index) => first + index);
    if (ports.some((port) => handedOut.has(port))) continue;
    const free = await Promise.all(ports.flatMap((port) => everywhere.map((address) => isPortFree(port, address))));
    if (!free.every(Boolean)) continue;
    for (const port of ports) handedOut.add(port);
    return first;
  }
}

const handedOut = new Set<number>();
