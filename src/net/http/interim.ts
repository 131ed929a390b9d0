// Interim answers (RFC 9110 §15.2): what a server may say before the answer itself.

import type { Socket } from 'node:net';
import type { HeaderFields } from './message.js';
import { formatHead } from './response-head.js';

/** A client that doesn't read has no use for hints, and an origin that never comes to the point costs no memory. */
const MAX_WAITING_OCTETS = 65_536;

/** 100 is between neighbours (§10.1.1), 101 ends the protocol (§15.2.2): neither is anybody else's. */
const isForClients = (status: number): boolean => status >= 102 && status <= 199;

/** Writes one where it can be sent; what can't is left out, for no client needs it. */
export function writeInterim(socket: Socket, status: number, fields: HeaderFields): void {
  if (!isForClients(status) || !socket.writable || socket.writableLength > MAX_WAITING_OCTETS) return;
  let head: string;
  try {
    head = formatHead(status, fields);
  } catch {
    return;
  }
  socket.write(`${head}\r\n`, 'latin1');
}
