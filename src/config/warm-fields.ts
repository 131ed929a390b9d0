// The options of `cdn warm`.

import type { Field } from './schema.js';

export const WARM_FIELDS = {
  header: {
    env: 'CDN_HEADER',
    summary: 'a request field that chooses a variant, where answers vary (repeatable)',
    expected: 'Accept, Accept-Encoding, Accept-Language, Accept-Charset or Origin, such as "Accept-Encoding: gzip"',
    value: "'NAME: VALUE'",
    parse: (text: string) => {
      const match = /^(accept(?:-encoding|-language|-charset)?|origin):[ \t]*([!-~](?:[\t -~]*[!-~])?)$/i.exec(text);
      return match === null ? undefined : { name: (match[1] ?? '').toLowerCase(), value: match[2] ?? '' };
    },
  } satisfies Field<{ readonly name: string; readonly value: string }>,
} as const;
