// The head of an answer as octets, for connections that node's http doesn't write to; the fields that
// it adds are the ones that node's http adds.

import { STATUS_CODES } from 'node:http';
import type { Clock } from '../../base/clock.js';
import { formatHttpDate } from './date.js';
import type { HeaderFields } from './message.js';

// RFC 9110 §5.6.2 and §5.5: anything else would be another field, or another message.
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const NOT_IN_VALUE = /[^\t\x20-\x7e\x80-\xff]/;

/** The status line, these fields and lines of Set-Cookie. @throws TypeError for a field that cannot be sent */
export function formatHead(status: number, fields: HeaderFields, cookies: readonly string[] = []): string {
  let text = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'unknown'}\r\n`;
  for (const [name, value] of Object.entries(fields)) {
    if (!TOKEN.test(name) || NOT_IN_VALUE.test(value)) throw new TypeError(`not a field: ${JSON.stringify(`${name}: ${value}`)}`);
    text += `${name}: ${value}\r\n`;
  }
  for (const cookie of cookies) {
    if (NOT_IN_VALUE.test(cookie)) throw new TypeError(`not a field: ${JSON.stringify(`set-cookie: ${cookie}`)}`);
    text += `set-cookie: ${cookie}\r\n`;
  }
  return text;
}

export interface HeadEnds {
  /**
   * The transport's own fields and the blank line; RFC 9110 §6.6.1 has the Date to the second.
   * @param dated the answer has a Date already: a stored one keeps that of its making
   */
  keepAlive(dated: boolean): Buffer;
  close(dated: boolean): Buffer;
}

/** The end of every head, made once a second. */
export function createHeadEnds(clock: Clock, idleTimeoutMs: number): HeadEnds {
  let second = NaN;
  const alive = `connection: keep-alive\r\nkeep-alive: timeout=${Math.floor(idleTimeoutMs / 1000)}\r\n\r\n`;
  const undated = { keepAlive: Buffer.from(alive, 'latin1'), close: Buffer.from('connection: close\r\n\r\n', 'latin1') };
  let ends = undated;
  function current(): typeof ends {
    const now = Math.floor(clock.now() / 1000);
    if (now !== second) {
      second = now;
      const date = `date: ${formatHttpDate(now * 1000)}\r\n`;
      ends = {
        keepAlive: Buffer.from(date + alive, 'latin1'),
        close: Buffer.from(`${date}connection: close\r\n\r\n`, 'latin1'),
      };
    }
    return ends;
  }
  return { keepAlive: (dated) => (dated ? undated : current()).keepAlive, close: (dated) => (dated ? undated : current()).close };
}
