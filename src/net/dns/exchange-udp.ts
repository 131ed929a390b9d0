// One attempt over UDP: a fresh socket on a random port, one datagram out, and the first answer in.

import type { Clock } from '../../base/clock.js';
import { systemCode } from '../../base/errors.js';
import type { Random } from '../../base/random.js';
import type { Endpoint } from '../address.js';
import type { MixedCase } from './exchange-case.js';
import type { DnsMessage } from './message.js';
import { bindUdp, createUdpSocket } from './udp.js';
import { selectVerdict, unreachable, type Attempt } from './verdict.js';
import { encodeMessage } from './wire.js';

/**
 * Ports for our side: all but the well-known ones, almost 16 bits that a forger must guess besides the
 * ID (RFC 5452 §9.2). Chosen here and not by the system, since not every system's choice is a random one
 * (Linux's is, of 28,232 ports; others count up).
 */
const FIRST_PORT = 1024;
const PORTS = 65_536 - FIRST_PORT;
/** After so many ports that were taken, the system chooses. */
const PORT_ATTEMPTS = 8;

type DgramSocket = ReturnType<typeof createUdpSocket>;

async function openSocket(server: Endpoint, random: Random): Promise<DgramSocket> {
  const address = server.address.includes(':') ? '::' : '0.0.0.0';
  for (let attempt = 1; ; attempt += 1) {
    const socket = createUdpSocket(address);
    const port = attempt > PORT_ATTEMPTS ? 0 : FIRST_PORT + random.int(PORTS);
    try {
      await bindUdp(socket, { address, port });
      return socket;
    } catch (error) {
      const taken = systemCode(error) === 'EADDRINUSE' || systemCode(error) === 'EACCES';
      if (!taken || port === 0) throw error;
    }
  }
}

/** Waits `patienceMs` at most. An abort ends it as silence; the caller knows of the abort. */
export async function exchangeUdp(server: Endpoint, query: DnsMessage, patienceMs: number, signal: AbortSignal, env: { readonly clock: Clock; readonly random: Random }, mixed?: MixedCase): Promise<Attempt> {
  const octets = encodeMessage(query);
  let socket: DgramSocket;
  try {
    socket = await openSocket(server, env.random);
  } catch (error) {
    return unreachable(error);
  }
  return new Promise((resolve) => {
    let fallback: Attempt = { kind: 'silent' };
    let finished = false;
    const finish = (attempt: Attempt): void => {
      if (finished) return;
      finished = true;
      stopTimer();
      signal.removeEventListener('abort', giveUp);
      socket.removeAllListeners();
      // A late ICMP message must find somebody listening until the socket is gone.
      socket.on('error', () => undefined);
      socket.close();
      resolve(attempt);
    };
    const giveUp = (): void => finish(fallback);
    const stopTimer = env.clock.after(patienceMs, giveUp);
    signal.addEventListener('abort', giveUp, { once: true });
    socket.on('error', (error) => finish(unreachable(error)));
    socket.on('message', (received, from) => {
      // The system lets only the server's datagrams through, but for those that came before connect.
      const remote = socket.remoteAddress();
      if (from.address !== remote.address || from.port !== remote.port) return;
      const verdict = selectVerdict(received, query, mixed);
      if (verdict.kind === 'answer') finish({ ...verdict, wire: { sent: octets, received }, local: localEnd(socket) });
      // Junk, under the right ID even, doesn't end the wait: else a forger's junk would.
      else if (verdict.kind === 'malformed') fallback = verdict;
    });
    if (signal.aborted) {
      giveUp();
      return;
    }
    try {
      // Connected, so that the system tells us of a port where nobody listens (RFC 1122 §4.1.3.3).
      socket.connect(server.port, server.address, (error?: Error) => {
        if (error) finish(unreachable(error));
        else socket.send(octets);
      });
    } catch (error) {
      finish(unreachable(error));
    }
  });
}

function localEnd(socket: DgramSocket): Endpoint {
  const { address, port } = socket.address();
  return { address, port };
}
