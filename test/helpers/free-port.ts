// Ports nobody uses, for tests that must name a port before the server has it. A server in the
// test's own process takes port 0 instead.

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';

async function isFree(port: number, address: string): Promise<number | undefined> {
  const tcp = createServer();
  const udp = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  try {
    tcp.listen({ port, host: address, exclusive: true });
    await once(tcp, 'listening');
    const bound = tcp.address();
    if (bound === null || typeof bound === 'string') return undefined;
    udp.bind({ port: bound.port, address, exclusive: true });
    await once(udp, 'listening');
    return bound.port;
  } catch {
    return undefined;
  } finally {
    if (tcp.listening) await new Promise((resolve) => tcp.close(resolve));
    await new Promise<void>((resolve) => udp.close(resolve));
  }
}

/** Whether nothing holds `port` of `address`, neither over TCP nor over UDP. */
export async function isPortFree(port: number, address = '127.0.0.1'): Promise<boolean> {
  return (await isFree(port, address)) !== undefined;
}

/** A port that a moment ago was free on every one of `addresses`, over TCP and UDP; never the same twice in one process. */
export async function freePort(...addresses: readonly string[]): Promise<number> {
  const [first = '127.0.0.1', ...others] = addresses;
  for (;;) {
    const port = await isFree(0, first);
    if (port === undefined || handedOut.has(port)) continue;
    const everywhere = await Promise.all(others.map((address) => isPortFree(port, address)));
    if (!everywhere.every(Boolean)) continue;
    handedOut.add(port);
    return port;
  }
}

const handedOut = new Set<number>();
