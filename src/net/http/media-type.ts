// A file's name -> the media type its content is sent with.

import { mimes } from 'mrmime';

const TYPES: ReadonlyMap<string, string> = new Map([
  // What players need and mrmime doesn't know.
  ['m3u8', 'application/vnd.apple.mpegurl'], // RFC 8216 §4
  ['m4v', 'video/mp4'],
  ['mkv', 'video/x-matroska'],
  ['flv', 'video/x-flv'],
  ['avi', 'video/x-msvideo'],
  // Not by its own lookup(), which finds a function for "a.constructor".
  ...Object.entries(mimes),
]);

/** Text is taken for UTF-8; what has no known ending is application/octet-stream. */
export function mediaTypeOf(fileName: string): string {
  const extension = /\.([^./\\]+)$/.exec(fileName)?.[1]?.toLowerCase() ?? '';
  const type = TYPES.get(extension) ?? 'application/octet-stream';
  return type.startsWith('text/') ? `${type}; charset=utf-8` : type;
}
