// Which authorities the local DNS knows, by configuration: zones with one server or several.

import { CdnError } from '../base/errors.js';
import type { Endpoint } from '../net/address.js';
import { Name } from '../net/dns/name.js';

export interface AuthorityAddress {
  /** "hiscinema.com", with or without the final dot. */
  readonly zone: string;
  readonly endpoint: Endpoint;
}

export interface ConfiguredZone {
  readonly apex: Name;
  /** In the order of the configuration. At least one. */
  readonly servers: readonly Endpoint[];
}

export interface Authorities {
  /** The configured zone nearest to the name; undefined: it is in none. */
  find(name: Name): ConfiguredZone | undefined;
}

/** Several entries of one zone are its servers. @throws CdnError USAGE for a zone that is no domain name */
export function createAuthorities(addresses: readonly AuthorityAddress[]): Authorities {
  const zones = new Map<string, { readonly apex: Name; readonly servers: Endpoint[] }>();
  for (const { zone, endpoint } of addresses) {
    const apex = Name.parse(zone);
    if (!apex) throw new CdnError('USAGE', `cannot ask an authority for ${JSON.stringify(zone)}: it is no domain name`, { details: { zone }, suggestions: ['--authority hiscinema.com=127.0.0.1:40723'] });
    const known = zones.get(apex.key);
    if (known) known.servers.push(endpoint);
    else zones.set(apex.key, { apex, servers: [endpoint] });
  }
  return {
    find: (name) => {
      for (let at: Name | undefined = name; at; at = at.parent()) {
        const zone = zones.get(at.key);
        if (zone) return zone;
      }
      return undefined;
    },
  };
}
