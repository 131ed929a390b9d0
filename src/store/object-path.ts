// A request's target -> the file names it asks for, one a path segment. Decoded once, strictly;
// what comes out of here can only lead downwards.

export type ObjectPath =
  | { readonly kind: 'path'; readonly segments: readonly string[] }
  /** Well-formed, but no object can have such a name: empty or hidden segments, `..`, an encoded slash. */
  | { readonly kind: 'impossible' }
  | { readonly kind: 'malformed'; readonly why: string };

/** The query is passed over: an object has none. */
export function parseObjectPath(target: string): ObjectPath {
  const path = /^(\/[^?]*)(?:\?.*)?$/s.exec(target)?.[1];
  if (path === undefined) return { kind: 'malformed', why: 'the target is not a path' };
  // RFC 9112 §3.2: a fragment is never sent. A raw backslash would be a slash to some systems.
  if (/[#\\]/.test(path)) return { kind: 'malformed', why: 'the path has a character that must be encoded' };
  const segments: string[] = [];
  for (const encoded of path.slice(1).split('/')) {
    let segment: string;
    try {
      segment = decodeURIComponent(encoded);
    } catch {
      return { kind: 'malformed', why: 'the path is not percent-encoded UTF-8' };
    }
    if (segment.includes('\0')) return { kind: 'malformed', why: 'the path has a NUL in it' };
    // A first dot covers `.` and `..` as well as hidden files.
    if (segment === '' || segment.startsWith('.') || /[/\\]/.test(segment)) return { kind: 'impossible' };
    segments.push(segment);
  }
  return { kind: 'path', segments };
}

/** "video3" or "video3.mp4" -> 3 and the extension; these are names of the third title whatever its file is called. */
export function parseAlias(name: string): { readonly number: number; readonly extension: string | undefined } | undefined {
  const match = /^video([1-9]\d{0,8})(?:\.([A-Za-z0-9]+))?$/.exec(name);
  return match === null ? undefined : { number: Number(match[1]), extension: match[2] };
}

/** A file's name as transcripts have it: without its extension, and with nothing that could steer a terminal. */
export function objectNameOf(fileName: string): string {
  return fileName.replace(/(?<=.)\.[^.]*$/, '').replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\uFFFD');
}
