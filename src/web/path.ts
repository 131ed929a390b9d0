// A request's target -> what it asks the portal for.

import type { Catalog, Title } from '../catalog/index.js';

export type Route =
  | { readonly kind: 'index' | 'catalog' | 'health' }
  | { readonly kind: 'page' | 'media'; readonly title: Title }
  /** The same page by another spelling; `location` is a path of ours. */
  | { readonly kind: 'elsewhere'; readonly location: string };

/** The target's path, decoded once, without the query; undefined if it can't be decoded (RFC 3986 §2.1). */
export function parsePath(target: string): string | undefined {
  try {
    return decodeURIComponent(/^[^?#]*/.exec(target)?.[0] ?? '');
  } catch {
    return undefined;
  }
}

/** ".mp4" of "video1.mp4"; only what can stand in any path as it is. */
function extensionOf(file: string): string {
  return /.(\.[A-Za-z0-9]{1,8})$/.exec(file)?.[1] ?? '';
}

/** Where the portal serves its copy, by the name the original gave it: "/static/downloadedvideo1.mp4". */
export function formatMediaPath(title: Title): string {
  return `/static/downloadedvideo${title.number}${extensionOf(title.file)}`;
}

/** `path` is decoded. undefined: there is no such page. */
export function selectRoute(path: string, catalog: Catalog): Route | undefined {
  if (path === '/') return { kind: 'index' };
  if (path === '/catalog.json') return { kind: 'catalog' };
  if (path === '/_cdn/health') return { kind: 'health' };
  // "/F1/", and whatever else a user might type for it: "/f1", "/File1".
  const match = /^\/(?:f|file)([1-9]\d{0,8})\/?$/i.exec(path) ?? /^\/static\/downloadedvideo([1-9]\d{0,8})(?:\.[A-Za-z0-9]+)?$/.exec(path);
  const title = match === null ? undefined : catalog.titles.find(({ number }) => number === Number(match[1]));
  if (title === undefined) return undefined;
  if (path.startsWith('/static/')) return path === formatMediaPath(title) ? { kind: 'media', title } : undefined;
  return path === title.page ? { kind: 'page', title } : { kind: 'elsewhere', location: title.page };
}
