// One question over TCP, on a connection of its own.

import { connect } from 'node:net';
import { unmapIPv4, type Endpoint } from '../address.js';
import { Deframer, frame } from './framing.js';
import type { MixedCase } from './exchange-case.js';
import type { DnsMessage } from './message.js';
import { selectVerdict, unreachable, type Attempt } from './verdict.js';
import { encodeMessage } from './wire.js';

/** Ends with the signal at the latest; an abort ends it as silence. */
export function exchangeTcp(server: Endpoint, query: DnsMessage, signal: AbortSignal, mixed?: MixedCase): Promise<Attempt> {
  const sent = encodeMessage(query);
  if (signal.aborted) return Promise.resolve({ kind: 'silent' });
  return new Promise((resolve) => {
    const deframer = new Deframer();
    const socket = connect({ host: server.address, port: server.port, noDelay: true });
    const finish = (attempt: Attempt): void => {
      signal.removeEventListener('abort', giveUp);
      socket.destroy();
      resolve(attempt);
    };
    const giveUp = (): void => finish({ kind: 'silent' });
    signal.addEventListener('abort', giveUp, { once: true });
    socket.on('error', (error) => finish(unreachable(error)));
    socket.on('close', () => finish({ kind: 'unreachable', why: 'closed the connection before it answered' }));
    socket.on('connect', () => socket.write(frame(sent)));
    socket.on('data', (chunk) => {
      deframer.push(chunk);
      const received = deframer.next();
      if (!received) return;
      const verdict = selectVerdict(received, query, mixed);
      // RFC 2181 §9: what was cut short is not used but asked for anew over TCP, and here that has been done.
      if (verdict.kind === 'answer' && verdict.message.truncated) finish({ kind: 'malformed', why: 'sent an answer cut short (TC=1) even over TCP' });
      // Nobody else can speak on this connection, and nothing else was asked on it: no use in waiting on.
      else if (verdict.kind === 'answer') finish({ ...verdict, wire: { sent, received }, local: { address: unmapIPv4(socket.localAddress ?? ''), port: socket.localPort ?? 0 } });
      else finish(verdict.kind === 'malformed' ? verdict : { kind: 'malformed', why: 'sent something that answers nothing it was asked' });
    });
  });
}
