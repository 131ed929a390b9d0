// Cache-Status (RFC 9211): what caches on the way did with a request. Read leniently, since it only
// goes into a story: what can't be read is shown as it is.

export interface CacheStep {
  /** The cache, as it calls itself; the first is the one nearest to the origin (§2). */
  readonly cache: string;
  readonly hit: boolean;
  /** Why it went further: "uri-miss", "stale" … (§2.2). */
  readonly fwd?: string;
  /** Freshness left, in seconds; negative when stale (§2.4). */
  readonly ttlSeconds?: number;
  readonly stored?: boolean;
  readonly collapsed?: boolean;
  readonly detail?: string;
}

/** RFC 8941 §3.1, §4.2: members and parameters, apart at commas and semicolons that stand in no string. */
function split(text: string, separator: string): readonly string[] {
  const parts: string[] = [];
  let part = '';
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (character === separator && !quoted) {
      parts.push(part);
      part = '';
      continue;
    }
    part += character;
    if (quoted && character === '\\') part += text.charAt(++at);
    else if (character === '"') quoted = !quoted;
  }
  return [...parts, part].map((piece) => piece.trim());
}

function bare(item: string): string {
  return item.startsWith('"') ? item.slice(1, item.endsWith('"') && item.length > 1 ? -1 : undefined).replace(/\\(.)/g, '$1') : item;
}

function readMember(member: string): CacheStep | undefined {
  const [name = '', ...parameters] = split(member, ';');
  if (name === '') return undefined;
  const values = new Map(parameters.map((parameter) => {
    const [key = '', ...value] = split(parameter, '=');
    return [key.toLowerCase(), value.length === 0 ? '?1' : bare(value.join('='))];
  }));
  const is = (key: string): boolean => values.get(key) !== undefined && values.get(key) !== '?0';
  const ttl = values.get('ttl');
  const fwd = values.get('fwd');
  const detail = values.get('detail');
  return {
    cache: bare(name), hit: is('hit') && fwd === undefined,
    ...(fwd !== undefined && { fwd }),
    ...(ttl !== undefined && /^-?\d{1,15}$/.test(ttl) && { ttlSeconds: Number(ttl) }),
    ...(is('stored') && { stored: true }), ...(is('collapsed') && { collapsed: true }),
    ...(detail !== undefined && detail !== '?1' && { detail }),
  };
}

/** The caches in the field's order; none without the field. */
export function parseCacheStatus(field: string | undefined): readonly CacheStep[] {
  if (field === undefined) return [];
  return split(field, ',').flatMap((member) => readMember(member) ?? []);
}

/** "edge-1 hit, TTL 376 s", "edge-1 went on (uri-miss), stored". */
export function formatCacheStep(step: CacheStep): string {
  const what = step.hit ? 'hit' : step.fwd === undefined ? 'says neither hit nor fwd' : `went on (${step.fwd})`;
  const more = [
    ...(step.ttlSeconds === undefined ? [] : [`TTL ${step.ttlSeconds} s`]),
    ...(step.stored === true ? ['stored'] : []), ...(step.collapsed === true ? ['collapsed'] : []),
    ...(step.detail === undefined ? [] : [step.detail]),
  ];
  return [`${step.cache} ${what}`, ...more].join(', ');
}
