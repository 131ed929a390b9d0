// A file's name -> the media type its content is sent with.

import { lookup } from 'mrmime';

// What players need and mrmime doesn't know.
const MORE: Readonly<Record<string, string>> = {
  m3u8: 'application/vnd.apple.mpegurl', // RFC 8216 §4
  m4v: 'video/mp4',
  mkv: 'video/x-matroska',
  flv: 'video/x-flv',
  avi: 'video/x-msvideo',
};

/** Text is taken for UTF-8; what has no known ending is application/octet-stream. */
export function mediaTypeOf(fileName: string): string {
  const extension = /\.([^./\\]+)$/.exec(fileName)?.[1]?.toLowerCase();
  const type = extension === undefined ? undefined : (lookup(extension) ?? MORE[extension]);
  if (type === undefined) return 'application/octet-stream';
  return type.startsWith('text/') ? `${type}; charset=utf-8` : type;
}
