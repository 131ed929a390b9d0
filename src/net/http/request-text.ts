// The head of a request as it goes out. Nothing that a caller passes can end a line early.

import type { HeaderFields } from './message.js';

export interface RequestHead {
  readonly method: string;
  readonly target: string;
  readonly host: string;
  readonly fields?: HeaderFields;
  /** The connection is to serve further requests. */
  readonly reuse?: boolean;
}

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/; // RFC 9110 §5.6.2
const VALUE = /^[\t -~\x80-\xff]*$/; // §5.5
const TARGET = /^[!-~]+$/;

/** @throws TypeError for a field or a target that can't be sent */
export function formatRequestHead(request: RequestHead): string {
  const { method, target, host, fields = {}, reuse = false } = request;
  if (!TOKEN.test(method) || !TARGET.test(target) || !VALUE.test(host)) throw new TypeError(`cannot be sent as a request: ${JSON.stringify([method, target, host])}`);
  let lines = '';
  for (const [name, value] of Object.entries(fields)) {
    if (!TOKEN.test(name) || !VALUE.test(value)) throw new TypeError(`cannot be sent as a field: ${JSON.stringify([name, value])}`);
    lines += `${name}: ${value}\r\n`;
  }
  // RFC 9112 §9.6: who wants no other request answered says so.
  return `${method} ${target} HTTP/1.1\r\nhost: ${host}\r\n${lines}${reuse ? '' : 'connection: close\r\n'}\r\n`;
}
