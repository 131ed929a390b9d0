// Whom the local DNS may ask, by configuration: the authorities of zones, with one server or several,
// and the resolvers that everything else is forwarded to.

import { CdnError } from '../base/errors.js';
import type { Endpoint } from '../net/address.js';
import { TYPE } from '../net/dns/message.js';
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
  /** Its servers are resolvers, asked with RD=1 and believed about everything that has no zone of its own here. */
  readonly forwarded: boolean;
}

export interface Authorities {
  /** The configured zone nearest to the name, or the forwarders; undefined: nobody may be asked. */
  find(name: Name, type: number): ConfiguredZone | undefined;
}

/** Several entries of one zone are its servers. @throws CdnError USAGE for a zone that is no domain name */
export function createAuthorities(addresses: readonly AuthorityAddress[], forwarders: readonly Endpoint[] = []): Authorities {
  const zones = new Map<string, { readonly apex: Name; readonly servers: Endpoint[]; readonly forwarded: false }>();
  for (const { zone, endpoint } of addresses) {
    const apex = Name.parse(zone);
    if (!apex) throw new CdnError('USAGE', `cannot ask an authority for ${JSON.stringify(zone)}: it is no domain name`, { details: { zone }, suggestions: ['--authority hiscinema.com=127.0.0.1:40723'] });
    const known = zones.get(apex.key);
    if (known) known.servers.push(endpoint);
    else zones.set(apex.key, { apex, servers: [endpoint], forwarded: false });
  }
  const elsewhere: ConfiguredZone | undefined = forwarders.length === 0 ? undefined : { apex: Name.root, servers: forwarders, forwarded: true };
  return {
    find: (name, type) => {
      // RFC 4035 §3.1.4.1: the DS records of a zone are its parent's.
      for (let at = type === TYPE.DS ? (name.parent() ?? name) : name; ; ) {
        const zone = zones.get(at.key);
        if (zone) return zone;
        const above = at.parent();
        if (!above) return elsewhere;
        at = above;
      }
    },
  };
}
