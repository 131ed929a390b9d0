// Cache-Control (RFC 9111 §5.2) and CDN-Cache-Control (RFC 9213): directives as they were sent ->
// what they say to a shared cache. Where a directive can be read in two ways, the stricter one holds.

import { parseDictionary, type Member } from './structured.js';

/** Field names in lower case; '*' is all of the response. */
export type Scope = '*' | ReadonlySet<string>;

/** Seconds; 'invalid' where there is a directive, but no number of seconds in it. */
export type Seconds = number | 'invalid';

export interface CacheDirectives {
  /** Some of the field couldn't be read: what else it forbids isn't known. */
  readonly malformed: boolean;
  readonly maxAge?: Seconds;
  readonly sMaxage?: Seconds;
  readonly noStore: boolean;
  readonly noCache?: Scope;
  readonly private?: Scope;
  readonly public: boolean;
  readonly mustRevalidate: boolean;
  readonly proxyRevalidate: boolean;
  readonly mustUnderstand: boolean;
  readonly noTransform: boolean;
  readonly immutable: boolean;
  readonly staleWhileRevalidate?: Seconds;
  readonly staleIfError?: Seconds;
  /** Of requests. 'any' is max-stale without a number (§5.2.1.2). */
  readonly maxStale?: Seconds | 'any';
  readonly minFresh?: Seconds;
  readonly onlyIfCached: boolean;
}

type Draft = { -readonly [K in keyof CacheDirectives]: CacheDirectives[K] };
/** A directive's argument: none, a text, or what can be none. */
type Argument = string | undefined;

/** §1.2.2: what is too large to count is 2^31, 68 years. */
const MAX_SECONDS = 2_147_483_648;
// §5.2: cache-directive = token [ "=" ( token / quoted-string ) ]; RFC 9110 §5.6.2, §5.6.4.
const DIRECTIVE = /([!#$%&'*+\-.^_`|~0-9A-Za-z]+)(?:=(?:([!#$%&'*+\-.^_`|~0-9A-Za-z]+)|"((?:[\t \x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t \x21-\x7e\x80-\xff])*)"))?/y;
const SEPARATOR = /[ \t]*(?:,[ \t]*)+/y;
/** The rest of a member that is no directive, up to a comma outside of quotes. */
const UNREADABLE = /(?:"(?:[^"\\]|\\[^])*(?:"|$)|[^",])+/y;
const FIELD_NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

export const NO_DIRECTIVES: CacheDirectives = {
  malformed: false, noStore: false, public: false, mustRevalidate: false, proxyRevalidate: false,
  mustUnderstand: false, noTransform: false, immutable: false, onlyIfCached: false,
};

/** §1.2.2: digits and nothing else. */
function parseSeconds(argument: Argument): Seconds {
  if (argument === undefined || !/^\d+$/.test(argument)) return 'invalid';
  return Math.min(Number(argument), MAX_SECONDS);
}

/** §4.2.1: of one directive given twice, either the first counts or the response is stale; where they differ, it is stale. */
function once(before: Seconds | undefined, now: Seconds): Seconds {
  return before === undefined || before === now ? now : 'invalid';
}

/** §5.2.2.4, §5.2.2.7: with a list of field names it is about those alone; with anything else about all. */
function parseScope(argument: Argument): Scope {
  const names = argument?.split(',').map((name) => name.trim().toLowerCase()).filter((name) => name !== '') ?? [];
  return names.length > 0 && names.every((name) => FIELD_NAME.test(name)) ? new Set(names) : '*';
}

function wider(before: Scope | undefined, now: Scope): Scope {
  if (before === undefined) return now;
  return before === '*' || now === '*' ? '*' : new Set([...before, ...now]);
}

/** What each directive does to the whole; §5.2.3: any other is passed over. */
const DIRECTIVES: Readonly<Record<string, (draft: Draft, argument: Argument) => void>> = {
  'max-age': (draft, argument) => (draft.maxAge = once(draft.maxAge, parseSeconds(argument))),
  's-maxage': (draft, argument) => (draft.sMaxage = once(draft.sMaxage, parseSeconds(argument))),
  'stale-while-revalidate': (draft, argument) => (draft.staleWhileRevalidate = once(draft.staleWhileRevalidate, parseSeconds(argument))),
  'stale-if-error': (draft, argument) => (draft.staleIfError = once(draft.staleIfError, parseSeconds(argument))),
  'min-fresh': (draft, argument) => (draft.minFresh = once(draft.minFresh, parseSeconds(argument))),
  'max-stale': (draft, argument) => (draft.maxStale = argument === undefined ? 'any' : parseSeconds(argument)),
  'no-store': (draft) => (draft.noStore = true),
  'no-cache': (draft, argument) => (draft.noCache = wider(draft.noCache, parseScope(argument))),
  private: (draft, argument) => (draft.private = wider(draft.private, parseScope(argument))),
  public: (draft) => (draft.public = true),
  'must-revalidate': (draft) => (draft.mustRevalidate = true),
  'proxy-revalidate': (draft) => (draft.proxyRevalidate = true),
  'must-understand': (draft) => (draft.mustUnderstand = true),
  'no-transform': (draft) => (draft.noTransform = true),
  immutable: (draft) => (draft.immutable = true),
  'only-if-cached': (draft) => (draft.onlyIfCached = true),
};

function apply(draft: Draft, name: string, argument: Argument): void {
  // Not by DIRECTIVES[name] alone: that finds `constructor`.
  if (Object.hasOwn(DIRECTIVES, name)) DIRECTIVES[name]?.(draft, argument);
}

/** The value of Cache-Control; undefined text: there is none. Names are case-insensitive (§5.2), arguments may be quoted or not. */
export function parseCacheControl(text: string | undefined): CacheDirectives {
  if (text === undefined) return NO_DIRECTIVES;
  const draft: Draft = { ...NO_DIRECTIVES };
  const take = (pattern: RegExp, at: number): RegExpExecArray | null => {
    pattern.lastIndex = at;
    return pattern.exec(text);
  };
  // RFC 9110 §5.6.1.2: empty elements are passed over.
  let at = /^[ \t,]*/.exec(text)?.[0].length ?? 0;
  while (at < text.length) {
    const match = take(DIRECTIVE, at);
    const end = at + (match?.[0].length ?? 0);
    const separator = take(SEPARATOR, end);
    const atEnd = end === text.length || /^[ \t]*$/.test(text.slice(end));
    if (match !== null && (separator !== null || atEnd)) {
      apply(draft, (match[1] ?? '').toLowerCase(), match[2] ?? match[3]?.replace(/\\([^])/g, '$1'));
      at = atEnd ? text.length : end + (separator?.[0].length ?? 0);
    } else {
      draft.malformed = true;
      at += Math.max(1, take(UNREADABLE, at)?.[0].length ?? 0);
      at += take(SEPARATOR, at)?.[0].length ?? 0;
    }
  }
  return draft;
}

/** RFC 9213 §2.1: an integer is a number of seconds, true is a directive without an argument, a list is of names. */
function argumentOf(member: Member): Argument | false {
  if (member.kind === 'inner-list') return member.items.map(({ value }) => String(value.value)).join(',');
  const { value } = member;
  if (value.kind === 'boolean') return value.value ? undefined : false;
  // What isn't an integer is no number of seconds, however it looks: "10" as a string is none.
  if (value.kind === 'integer') return String(value.value);
  return value.kind === 'token' || value.kind === 'string' ? `"${value.value}"` : '';
}

/**
 * The value of a targeted field; undefined where it is to be ignored as if it weren't there: empty, or
 * malformed in any part (RFC 9213 §2.2). A directive that is `?0` isn't given.
 */
export function parseTargetedCacheControl(text: string | undefined): CacheDirectives | undefined {
  const members = text === undefined ? undefined : parseDictionary(text);
  if (members === undefined || members.size === 0) return undefined;
  const draft: Draft = { ...NO_DIRECTIVES };
  for (const [name, member] of members) {
    const argument = argumentOf(member);
    if (argument === false) continue;
    apply(draft, name, name === 'no-cache' || name === 'private' ? argument?.replace(/^"|"$/g, '') : argument);
  }
  return draft;
}

export interface ResponseDirectives {
  readonly directives: CacheDirectives;
  /** They are of CDN-Cache-Control: Cache-Control and Expires are out of the matter (RFC 9213 §2.2). */
  readonly targeted: boolean;
}

/** What a response says to us: a cache in a content delivery network (RFC 9213 §3.1). */
export function directivesOf(fields: Readonly<Record<string, string>>): ResponseDirectives {
  const targeted = parseTargetedCacheControl(fields['cdn-cache-control']);
  if (targeted !== undefined) return { directives: targeted, targeted: true };
  return { directives: parseCacheControl(fields['cache-control']), targeted: false };
}
