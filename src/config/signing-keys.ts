// A file of keys for signed URLs: a line each, its name and its secret in hexadecimal. The first signs;
// all of them are accepted.

import { open } from 'node:fs/promises';
import { CdnError, messageOf } from '../base/errors.js';
import { printable } from '../base/printable.js';

export interface SigningKeyFile {
  /** At least one, each of another id. */
  readonly keys: readonly { readonly id: string; readonly secret: Uint8Array }[];
  /** Others than its owner may read it, or write it. */
  readonly isShared: boolean;
}

const MAX_OCTETS = 65_536;
/** RFC 2104 §3: less than the hash has would weaken it; 16 is what is still out of reach. */
const LEAST_SECRET_OCTETS = 16;
const LINE = /^([A-Za-z0-9][A-Za-z0-9_-]{0,63})[\t ]+([0-9A-Fa-f]+)$/;

function problemOf(line: string, before: ReadonlySet<string>): string | undefined {
  const match = LINE.exec(line);
  if (match === null) return 'expected a name and a secret in hexadecimal, such as the one that "openssl rand -hex 32" prints';
  const [, id = '', hex = ''] = match;
  if (hex.length % 2 !== 0) return 'the secret has half an octet too many';
  if (hex.length / 2 < LEAST_SECRET_OCTETS) return `the secret has ${hex.length / 2} octets; at least ${LEAST_SECRET_OCTETS} are needed`;
  return before.has(id) ? `there is a key ${printable(id)} already` : undefined;
}

/** No problem names a secret. */
function parseKeys(text: string): { readonly keys: SigningKeyFile['keys']; readonly problems: readonly string[] } {
  const keys: { id: string; secret: Uint8Array }[] = [];
  const problems: string[] = [];
  const before = new Set<string>();
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const problem = problemOf(line, before);
    if (problem !== undefined) {
      problems.push(`line ${index + 1}: ${problem}`);
      continue;
    }
    const [, id = '', hex = ''] = LINE.exec(line) ?? [];
    before.add(id);
    keys.push({ id, secret: Buffer.from(hex, 'hex') });
  }
  return { keys, problems: keys.length === 0 && problems.length === 0 ? ['there is no key in it'] : problems };
}

async function read(file: string): Promise<{ readonly text: string; readonly isShared: boolean }> {
  try {
    const handle = await open(file, 'r');
    try {
      const { mode, size } = await handle.stat();
      if (size > MAX_OCTETS) throw new RangeError('it is too long for a file of keys');
      // On Windows these bits tell nothing.
      return { text: await handle.readFile('utf8'), isShared: process.platform !== 'win32' && (mode & 0o077) !== 0 };
    } finally {
      await handle.close();
    }
  } catch (cause) {
    throw new CdnError('USAGE', `cannot read the keys in ${file}: ${messageOf(cause)}`, { details: { file }, suggestions: [`(umask 077; echo "key-1 $(openssl rand -hex 32)" > keys)`], cause });
  }
}

/** @throws CdnError USAGE, with a line for each mistake */
export async function loadSigningKeys(file: string): Promise<SigningKeyFile> {
  const { text, isShared } = await read(file);
  const { keys, problems } = parseKeys(text);
  if (problems.length === 0) return { keys, isShared };
  throw new CdnError('USAGE', `the keys in ${file} can't be used:\n${problems.map((problem) => `  ${problem}`).join('\n')}`, {
    details: { file, problems },
    suggestions: [`(umask 077; echo "key-1 $(openssl rand -hex 32)" > keys)`],
  });
}
