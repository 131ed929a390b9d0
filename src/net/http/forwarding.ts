// What an intermediary passes on of a message, and what it keeps of one (RFC 9110 §7.6, RFC 9111 §3.1).

import { parseList } from './fields.js';
import type { HeaderFields } from './message.js';

/** RFC 9110 §7.6.1: of one connection, also where Connection doesn't name them. */
const HOP_BY_HOP: readonly string[] = ['connection', 'proxy-connection', 'keep-alive', 'te', 'transfer-encoding', 'upgrade', 'proxy-authenticate', 'proxy-authorization', 'proxy-authentication-info', 'http2-settings'];

const TOKEN = /[!#$%&'*+\-.^_`|~0-9A-Za-z]+/y;

function connectionOptions(field: string | undefined): readonly string[] {
  return (field === undefined ? undefined : parseList(field, TOKEN))?.map((match) => match[0].toLowerCase()) ?? [];
}

function without(fields: HeaderFields, names: ReadonlySet<string>): Record<string, string> {
  const kept = Object.create(null) as Record<string, string>;
  for (const [name, value] of Object.entries(fields)) if (!names.has(name)) kept[name] = value;
  return kept;
}

/** The fields that go on to the next: all but those of this connection (§7.6.1). */
export function endToEnd(fields: HeaderFields): Record<string, string> {
  return without(fields, new Set([...HOP_BY_HOP, ...connectionOptions(fields['connection'])]));
}

/** RFC 9111 §3.1: and of these, all but what the response itself keeps from being stored. Set-Cookie never is. */
export function storedFields(fields: HeaderFields, withheld: ReadonlySet<string>): HeaderFields {
  return without(endToEnd(fields), new Set([...withheld, 'set-cookie', 'trailer']));
}

/** §7.6.3: one more on the way; `received` is the protocol version, `by` a pseudonym. */
export function appendVia(before: string | undefined, by: string, received = '1.1'): string {
  const entry = `${received} ${by}`;
  return before === undefined || before.trim() === '' ? entry : `${before}, ${entry}`;
}

/** Whether a message has passed here before: a loop. */
export function hasPassed(via: string | undefined, by: string): boolean {
  return via?.split(',').some((entry) => entry.trim().split(/[ \t]+/)[1] === by) ?? false;
}
