// An answer straight to the socket, in the framing of RFC 9112 §6 and §7.1, where node's http has no part in it.

import type { Socket } from 'node:net';
import type { Outlet } from './outlet.js';
import { formatHead, type HeadEnds } from './response-head.js';

const NOTHING = new Uint8Array();
const CRLF = Buffer.from('\r\n', 'latin1');
const LAST_CHUNK = Buffer.from('0\r\n\r\n', 'latin1');

/** Calls `run` when all that was written before was handed to the system; at once if it has been. */
export function whenHanded(socket: Socket, run: () => void): void {
  if (socket.writableLength === 0) run();
  else socket.write(NOTHING, (error) => (error ? undefined : run()));
}

/** @param isLast asked when the head is formed: whether the connection ends after this answer */
export function createDirectOutlet(socket: Socket, ends: HeadEnds, isLast: () => boolean): Outlet {
  let headSent = false;
  let chunked = false;
  /** The head waits for the first octets, to go out with them. */
  let corked = false;

  function uncork(): void {
    if (corked) socket.uncork();
    corked = false;
  }

  return {
    get headSent() {
      return headSent;
    },
    begin(plan) {
      chunked = plan.body.kind === 'stream' && plan.body.length === undefined;
      const head = formatHead(plan.status, chunked ? { ...plan.fields, 'transfer-encoding': 'chunked' } : plan.fields, plan.cookies);
      const dated = plan.fields['date'] !== undefined;
      headSent = true;
      corked = true;
      socket.cork();
      socket.write(head, 'latin1');
      socket.write(isLast() ? ends.close(dated) : ends.keepAlive(dated));
    },
    write(octets) {
      if (chunked) {
        socket.cork();
        socket.write(`${octets.byteLength.toString(16)}\r\n`, 'latin1');
        socket.write(octets);
        socket.write(CRLF);
        socket.uncork();
      } else {
        socket.write(octets);
      }
      uncork();
      return !socket.writableNeedDrain;
    },
    onDrained(run) {
      socket.on('drain', run);
      return () => socket.off('drain', run);
    },
    end(last, run) {
      if (last !== undefined && last.byteLength > 0) this.write(last);
      if (chunked) socket.write(LAST_CHUNK);
      uncork();
      whenHanded(socket, run);
    },
    breakOff() {
      uncork();
      // A length, or chunks: either way the client sees that the end is missing.
      socket.destroySoon();
    },
  };
}
