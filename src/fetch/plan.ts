// What the user typed -> what to do. Decides by the text alone; nothing is asked of the network.

import { CdnError } from '../base/errors.js';
import { shellWord } from '../base/printable.js';
import { CDN_ZONE, PUBLISHER_ZONE } from '../catalog/index.js';
import { parseEndpoint } from '../net/address.js';
import { printable } from './text.js';

export type Plan =
  /** `title` is as typed, letters and digits; undefined when only the site was named. */
  | { readonly kind: 'title'; readonly site: string; readonly title: string | undefined }
  | { readonly kind: 'url'; readonly url: URL };

const SITES = [PUBLISHER_ZONE, `www.${PUBLISHER_ZONE}`];
const TITLE = /^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/;
const EXAMPLE = `cdn fetch ${PUBLISHER_ZONE}/File1`;

function usage(message: string, suggestions: readonly string[]): CdnError {
  return new CdnError('USAGE', message, { suggestions });
}

/**
 * A title ("hiscinema.com/File1", in any letter case) or an http(s) URL.
 * @throws CdnError USAGE for what is neither, NO_SUCH_TITLE for what can't be any title of the site.
 */
export function parseTarget(text: string): Plan {
  if (text.trim() === '') throw usage('nothing to fetch: the target is empty', [EXAMPLE]);
  if (/\p{Cc}/u.test(text)) throw usage(`cannot fetch "${printable(text)}": it holds control characters`, [EXAMPLE]);
  const target = text.trim();
  // RFC 3986 §3.1: what stands before "://" is a scheme.
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):\/\//.exec(target)?.[1];
  return scheme === undefined ? parseTitle(target) : { kind: 'url', url: parseUrl(target, scheme) };
}

function parseUrl(target: string, scheme: string): URL {
  if (!/^https?$/i.test(scheme)) throw usage(`cannot fetch ${printable(target)}: http and https are spoken here, ${printable(scheme)} is not`, [EXAMPLE]);
  if (!URL.canParse(target)) throw usage(`cannot fetch "${printable(target)}": that is not a valid URL`, [EXAMPLE]);
  const url = new URL(target);
  if (url.username !== '' || url.password !== '') {
    throw usage(`cannot fetch from ${url.host}: user names and passwords in URLs are not sent`, [`cdn fetch ${shellWord(withoutCredentials(url))}`]);
  }
  return url;
}

function withoutCredentials(url: URL): string {
  const bare = new URL(url);
  bare.username = '';
  bare.password = '';
  return bare.href;
}

function parseTitle(target: string): Plan {
  const slash = target.indexOf('/');
  const host = slash === -1 ? target : target.slice(0, slash);
  const site = SITES.find((name) => name === host.toLowerCase().replace(/\.$/, ''));
  if (site === undefined) throw notATitle(target, host, slash !== -1);
  const title = slash === -1 ? '' : target.slice(slash + 1);
  if (title === '') return { kind: 'title', site, title: undefined };
  if (!TITLE.test(title)) {
    throw new CdnError('NO_SUCH_TITLE', `${site} has no title "${printable(title, 80)}": titles are letters and digits, such as File1`, {
      details: { site, title },
      suggestions: [EXAMPLE, `cdn fetch ${site}   (says which titles there are)`],
    });
  }
  return { kind: 'title', site, title };
}

/** Words without a scheme that don't begin with the site: say what was probably meant. */
function notATitle(target: string, host: string, hasPath: boolean): CdnError {
  const shown = printable(target, 80);
  const name = host.replace(/:\d{0,5}$/, '');
  const portal = SITES.includes(name.toLowerCase());
  if (portal) {
    const title = target.slice(host.length + 1);
    return usage(`cannot fetch "${shown}": the port of ${name.toLowerCase()} is found by DNS, so a title has none`, [
      `cdn fetch ${name.toLowerCase()}/${TITLE.test(title) ? title : 'File1'}`,
    ]);
  }
  // A content name has its title's first label; on which port its store is, only the portal's index says.
  const content = [PUBLISHER_ZONE, CDN_ZONE].find((zone) => name.toLowerCase().endsWith(`.${zone}`));
  const label = content === undefined ? undefined : name.slice(0, -content.length - 1);
  if (content !== undefined && label !== undefined && TITLE.test(label)) {
    return usage(`cannot fetch "${shown}": ${printable(name.toLowerCase(), 80)} is where content is, on a port that its title's page says`, [`cdn fetch ${PUBLISHER_ZONE}/${label}`, `cdn trace ${name.toLowerCase()}   (where it is)`]);
  }
  const isHost = name === 'localhost' || /^[A-Za-z0-9-]+\.[A-Za-z0-9]/.test(name) || parseEndpoint(host, 80) !== undefined;
  if (isHost && URL.canParse(`http://${target}`)) {
    return usage(`cannot fetch "${shown}": a URL begins with http:// or https://, a title with ${PUBLISHER_ZONE}/`, [`cdn fetch ${shellWord(new URL(`http://${target}`).href)}`]);
  }
  if (!hasPath && TITLE.test(target)) {
    return usage(`cannot fetch "${shown}": a title begins with its site`, [`cdn fetch ${PUBLISHER_ZONE}/${target}`]);
  }
  return usage(`cannot fetch "${shown}": that is neither a title such as ${PUBLISHER_ZONE}/File1 nor an http URL`, [EXAMPLE]);
}
