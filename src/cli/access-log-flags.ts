// The flags of the access log, for the commands that run stores.

import type { AccessLogOptions } from '../app/access-log.js';
import { CdnError } from '../base/errors.js';
import { ACCESS_LOG_FIELDS } from '../config/index.js';
import { fieldFlag, readOptional } from './flags.js';

export const ACCESS_LOG_FLAGS = {
  'access-log': fieldFlag(ACCESS_LOG_FIELDS.accessLog, { defaultText: 'none' }),
  'access-log-format': fieldFlag(ACCESS_LOG_FIELDS.format, { defaultText: 'combined' }),
};

/** @throws CdnError USAGE */
export function readAccessLog(flags: { readonly 'access-log'?: string | undefined; readonly 'access-log-format'?: string | undefined }): AccessLogOptions | undefined {
  const file = readOptional('access-log', ACCESS_LOG_FIELDS.accessLog, flags['access-log']);
  const format = readOptional('access-log-format', ACCESS_LOG_FIELDS.format, flags['access-log-format']);
  if (file === undefined && format !== undefined) throw new CdnError('USAGE', '--access-log-format: there is no access log', { details: { flag: 'access-log-format' }, suggestions: ['cdn store --access-log access.log --access-log-format json'] });
  return file === undefined ? undefined : { file, format: format ?? 'combined' };
}
