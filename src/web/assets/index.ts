// The files that pages are made with, each served under one path.

import { createHash } from 'node:crypto';
import { FAVICON } from './favicon.js';
import { STYLE } from './style.js';

export interface Asset {
  readonly contentType: string;
  readonly octets: Uint8Array;
  readonly etag: string;
}

function asset(contentType: string, text: string): Asset {
  const octets = Buffer.from(text, 'utf8');
  return { contentType, octets, etag: `"${createHash('sha256').update(octets).digest('base64url').slice(0, 22)}"` };
}

const style = asset('text/css; charset=utf-8', STYLE);
const favicon = asset('image/svg+xml', FAVICON);
// A title's page makes the portal receive the film: not for crawlers.
const robots = asset('text/plain; charset=utf-8', 'User-agent: *\nDisallow: /F\nDisallow: /static/\nDisallow: /_cdn/\n');

export const FAVICON_PATH = '/favicon.svg';
/** Another text is another URL, so that no browser mixes an old style with new pages. */
export const STYLE_PATH = `/assets/portal.css?v=${style.etag.slice(1, 9)}`;

export const ASSETS: ReadonlyMap<string, Asset> = new Map([
  ['/assets/portal.css', style],
  [FAVICON_PATH, favicon],
  ['/favicon.ico', favicon],
  ['/robots.txt', robots],
]);
