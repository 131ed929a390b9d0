// Where the bytes shall go, looked at before anything is transferred.

import { accessSync, constants, lstatSync, realpathSync, statSync, type Stats } from 'node:fs';
import path from 'node:path';
import { CdnError, messageOf, systemCode } from '../base/errors.js';
import { shellWord } from '../base/printable.js';
import type { FetchOutput } from './model.js';
import { printable } from './text.js';

export type Target =
  /** A regular file that is to appear, whole, under this path. */
  | { readonly kind: 'file'; readonly path: string; readonly replace: boolean }
  /** A regular file that is there, the beginning of what is to be in it; `from` undefined: all of it is. */
  | { readonly kind: 'partial'; readonly path: string; readonly from: number | undefined }
  /** A device, a pipe: written as it is, never renamed to. */
  | { readonly kind: 'device'; readonly path: string }
  | { readonly kind: 'stdout'; write(chunk: Uint8Array): Promise<void> };

type Found = 'absent' | 'folder' | 'file' | 'dangling' | 'device';

function cannotWrite(file: string, why: string, suggestions: readonly string[], cause?: unknown): CdnError {
  return new CdnError('DISK_WRITE', `cannot write ${printable(file)}: ${why}`, { details: { file }, suggestions, cause });
}

/** What a link leads to; undefined for one that leads nowhere, or in a circle. */
function behind(link: string): Stats | undefined {
  try {
    return statSync(link, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

function look(file: string): Found {
  try {
    const link = lstatSync(file, { throwIfNoEntry: false });
    if (link === undefined) return 'absent';
    const entry = link.isSymbolicLink() ? behind(file) : link;
    if (entry === undefined) return 'dangling';
    if (entry.isDirectory()) return 'folder';
    return entry.isFile() ? 'file' : 'device';
  } catch (cause) {
    throw cannotWrite(file, messageOf(cause), ['choose another file with -o FILE'], cause);
  }
}

function checkParent(file: string): void {
  const folder = path.dirname(file);
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
  } catch (cause) {
    const missing = systemCode(cause) === 'ENOENT';
    const why = missing ? `there is no folder ${printable(folder)}` : `the folder ${printable(folder)} cannot be written to`;
    throw cannotWrite(file, why, [missing ? `mkdir -p ${shellWord(folder)}` : 'the same command with -o FILE, to write elsewhere'], cause);
  }
}

export function fileExists(file: string, note = ''): CdnError {
  return new CdnError('FILE_EXISTS', `${printable(file)} is there already${note}`, {
    details: { file },
    suggestions: ['the same command with --force, to replace it', 'the same command with -C -, to go on with it', 'the same command with -o FILE, to write another'],
  });
}

/**
 * @param name the object's file name, for a folder or no output at all; undefined when it isn't known yet:
 *   then the answer is undefined for these, and what can be checked has been.
 * @throws CdnError FILE_EXISTS, DISK_WRITE, USAGE
 */
export function selectTarget(output: FetchOutput, name: string | undefined, force: boolean, continueAt?: 'end' | number): Target | undefined {
  if (output.kind === 'stdout') return { kind: 'stdout', write: (chunk) => output.write(chunk) };
  if (output.kind === 'default') return name === undefined ? undefined : selectFile(path.resolve(name), force, continueAt);
  if (output.path === '' || output.path.includes('\0')) {
    throw new CdnError('USAGE', 'the output has no usable name', { suggestions: ['-o FILE names a file, -o - is standard output'] });
  }
  const file = path.resolve(output.path);
  // path.resolve drops the slash that says "a folder".
  const meansFolder = /[/\\]$/.test(output.path);
  const found = look(file);
  if (found === 'folder') return name === undefined ? undefined : selectFile(path.join(file, name), force, continueAt);
  if (meansFolder) throw cannotWrite(output.path, 'there is no such folder', [`mkdir -p ${shellWord(output.path)}`]);
  return selectFile(file, force, continueAt);
}

function selectFile(file: string, force: boolean, continueAt: 'end' | number | undefined): Target {
  const found = look(file);
  if (found === 'device') return { kind: 'device', path: file };
  if (found === 'folder') throw cannotWrite(file, 'that is a folder', ['choose another file with -o FILE']);
  if (found === 'file' && continueAt !== undefined) return { kind: 'partial', path: realpathSync(file), from: continueAt === 'end' ? undefined : continueAt };
  if (found === 'absent' && typeof continueAt === 'number' && continueAt > 0) {
    throw new CdnError('USAGE', `cannot go on at octet ${continueAt} of ${printable(file)}: there is no such file`, { details: { file }, suggestions: ['the same command without -C'] });
  }
  if (found !== 'absent' && !force) throw fileExists(file);
  // A link stays, and what it leads to is replaced; one that leads nowhere is replaced itself.
  const real = found === 'file' ? realpathSync(file) : file;
  checkParent(real);
  return { kind: 'file', path: real, replace: force };
}
