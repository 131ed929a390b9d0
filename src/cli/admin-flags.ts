// The flags of the administrator's door, for the edge that has it and for the commands that knock.

import { readFile } from 'node:fs/promises';
import type { AdminDoor } from '../app/admin.js';
import type { AdminListen } from '../app/store-options.js';
import { CdnError, messageOf } from '../base/errors.js';
import { ADMIN_FIELDS, DEFAULTS } from '../config/index.js';
import { formatEndpoint, isLoopback } from '../net/address.js';
import { fieldFlag, readOptional } from './flags.js';

const tokenFileFlag = fieldFlag(ADMIN_FIELDS.tokenFile);

export const ADMIN_FLAGS = {
  admin: fieldFlag(ADMIN_FIELDS.admin, { defaultText: 'no such listener' }),
  'admin-token-file': tokenFileFlag,
};

/** Of commands that ask a running edge. */
export const DOOR_FLAGS = {
  admin: fieldFlag(ADMIN_FIELDS.admin, { defaultText: formatEndpoint(DEFAULTS.admin) }),
  'admin-token-file': tokenFileFlag,
};

export interface AdminFlags {
  readonly admin?: string | undefined;
  readonly 'admin-token-file'?: string | undefined;
}

/** The file's over the variable's. @throws CdnError USAGE, which doesn't tell what was found */
async function readToken(file: string | undefined): Promise<string | undefined> {
  const { token: field } = ADMIN_FIELDS;
  const [source, text] = file === undefined ? [field.env, process.env[field.env]] : [`--admin-token-file ${file}`, await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new CdnError('USAGE', `--admin-token-file: cannot read ${file}: ${messageOf(cause)}`, { details: { file }, cause });
  })];
  if (text === undefined || (file === undefined && text === '')) return undefined;
  const token = field.parse(text.trim());
  if (token === undefined) throw new CdnError('USAGE', `${source}: expected ${field.expected}`, { details: { source }, suggestions: ['openssl rand -hex 32 > FILE'] });
  return token;
}

/**
 * undefined: no such listener is wanted.
 * @throws CdnError USAGE for a listener that others than this machine reach and that asks for no token
 */
export async function readAdmin(flags: AdminFlags): Promise<AdminListen | undefined> {
  const listen = readOptional('admin', ADMIN_FIELDS.admin, flags.admin);
  if (listen === undefined) return undefined;
  const token = await readToken(readOptional('admin-token-file', ADMIN_FIELDS.tokenFile, flags['admin-token-file']));
  if (token === undefined && !isLoopback(listen.address)) {
    throw new CdnError('USAGE', `--admin: ${formatEndpoint(listen)} is more than this machine, and there is no token: anybody could empty the cache`, {
      details: { listen },
      suggestions: ['openssl rand -hex 32 > admin.token', `the same command with --admin-token-file admin.token, or with --admin 127.0.0.1:${listen.port}`],
    });
  }
  return { listen, token };
}

export async function readDoor(flags: AdminFlags): Promise<AdminDoor> {
  return {
    endpoint: readOptional('admin', ADMIN_FIELDS.admin, flags.admin) ?? DEFAULTS.admin,
    token: await readToken(readOptional('admin-token-file', ADMIN_FIELDS.tokenFile, flags['admin-token-file'])),
  };
}
