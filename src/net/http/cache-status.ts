// Cache-Status (RFC 9211): what a cache did with a request, in words that tools know.

import { formatTokenOrString, parseStructuredList } from './structured.js';

/** §2.2: why a request went forward. */
export type ForwardReason = 'bypass' | 'method' | 'uri-miss' | 'vary-miss' | 'miss' | 'request' | 'stale' | 'partial';

export interface CacheStatus {
  /** §2.1: answered from what is stored, without going forward. */
  readonly hit?: boolean;
  readonly fwd?: ForwardReason;
  /** §2.3: what the next server answered, where that isn't the answer's own status. */
  readonly fwdStatus?: number;
  /** §2.4: what is left of the stored response's lifetime, in seconds; below 0 when that is over. */
  readonly ttl?: number;
  /** §2.5: the answer from forward was stored. */
  readonly stored?: boolean;
  /** §2.6: joined a request that was under way. */
  readonly collapsed?: boolean;
  /** §2.8: words of this cache's own. */
  readonly detail?: string;
}

/** One member of the list, for the cache named `cache`. */
export function formatCacheStatus(cache: string, status: CacheStatus): string {
  const parts = [formatTokenOrString(cache)];
  if (status.hit === true) parts.push('hit');
  if (status.fwd !== undefined) parts.push(`fwd=${status.fwd}`);
  if (status.fwdStatus !== undefined) parts.push(`fwd-status=${status.fwdStatus}`);
  if (status.ttl !== undefined) parts.push(`ttl=${Math.floor(status.ttl)}`);
  if (status.stored === true) parts.push('stored');
  if (status.collapsed === true) parts.push('collapsed');
  if (status.detail !== undefined) parts.push(`detail=${formatTokenOrString(status.detail)}`);
  return parts.join('; ');
}

/** §2: the cache closest to the client is the last; what those before it said stays. */
export function appendCacheStatus(before: string | undefined, member: string): string {
  return before === undefined || before.trim() === '' ? member : `${before}, ${member}`;
}

export interface ReadCacheStatus {
  readonly cache: string;
  readonly hit: boolean;
  readonly fwd: string | undefined;
  readonly ttl: number | undefined;
  readonly stored: boolean;
  readonly collapsed: boolean;
  readonly detail: string | undefined;
}

/** Each cache's word, the one nearest the origin first; undefined when the field is malformed. */
export function parseCacheStatus(text: string): readonly ReadCacheStatus[] | undefined {
  const members = parseStructuredList(text);
  return members?.flatMap((member) => {
    if (member.kind !== 'item' || (member.value.kind !== 'string' && member.value.kind !== 'token')) return [];
    const word = (name: string): string | undefined => {
      const value = member.parameters.get(name);
      return value?.kind === 'token' || value?.kind === 'string' ? value.value : undefined;
    };
    const flag = (name: string): boolean => member.parameters.get(name)?.value === true;
    const ttl = member.parameters.get('ttl');
    return [{
      cache: member.value.value, hit: flag('hit'), fwd: word('fwd'), ttl: ttl?.kind === 'integer' ? ttl.value : undefined,
      stored: flag('stored'), collapsed: flag('collapsed'), detail: word('detail'),
    }];
  });
}
