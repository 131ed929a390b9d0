// The options of the access log.

import type { Field } from './schema.js';

const FORMATS = ['combined', 'json'] as const;

export const ACCESS_LOG_FIELDS = {
  accessLog: {
    env: 'CDN_ACCESS_LOG',
    summary: 'file that gets a line for each answer, "-" for standard output; opened anew on SIGUSR1 and SIGHUP, after it was moved away',
    expected: 'a path, or "-"',
    value: 'FILE',
    parse: (text: string) => (text === '' || text.includes('\0') ? undefined : text),
  } satisfies Field<string>,
  format: {
    env: 'CDN_ACCESS_LOG_FORMAT',
    summary: 'how it is written: as Apache and nginx do, or one JSON object a line',
    expected: `one of ${FORMATS.join(', ')}`,
    value: FORMATS.join('|'),
    parse: (text: string) => FORMATS.find((format) => format === text),
  } satisfies Field<(typeof FORMATS)[number]>,
} as const;
