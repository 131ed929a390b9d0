// The options of signed URLs.

import { parseDuration } from '../base/units.js';
import { parsePrefix } from '../net/prefix.js';
import type { Field } from './schema.js';

function file(env: string, summary: string): Field<string> {
  return { env, summary, expected: 'a path', value: 'KEYFILE', parse: (text) => (text === '' || text.includes('\0') ? undefined : text) };
}

const MAX_SIGNED_MS = 366 * 86_400_000;

/** Of signed URLs. */
export const SIGN_FIELDS = {
  signedUrls: file('CDN_SIGNED_URLS', 'serve only URLs that cdn sign has signed with a key of this file, which is read again when it changes; health is told to anybody'),
  keyFile: file('CDN_KEY_FILE', 'the keys, "NAME SECRET" a line'),
  expires: {
    env: 'CDN_EXPIRES',
    summary: 'how long the URL is good for',
    expected: 'a time from 1s to 8784h such as "1h"',
    value: 'TIME',
    parse: (text: string) => {
      const ms = parseDuration(text);
      return ms === undefined || ms < 1000 || ms > MAX_SIGNED_MS ? undefined : ms;
    },
  } satisfies Field<number>,
  client: {
    env: 'CDN_CLIENT',
    summary: 'the network that the URL is good for, as the store sees it',
    expected: 'an address or a network such as "192.0.2.1" or "2001:db8::/32"',
    value: 'PREFIX',
    parse: (text: string) => (parsePrefix(text) === undefined ? undefined : text),
  } satisfies Field<string>,
  key: {
    env: 'CDN_KEY',
    summary: 'the name of the key to sign with',
    expected: 'a name of letters, digits, - and _',
    value: 'NAME',
    parse: (text: string) => (/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/.test(text) ? text : undefined),
  } satisfies Field<string>,
} as const;
