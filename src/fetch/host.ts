// Hosts of URLs that need no DNS.

import { parseEndpoint } from '../net/address.js';

/** The address in a URL's host, without brackets ("[::1]" -> "::1"); undefined for a name. */
export function literalAddress(host: string): string | undefined {
  return parseEndpoint(host, 0)?.address;
}

/** RFC 6761 §6.3: localhost and names below it are the loopback addresses, and no DNS is asked. */
export function loopbackName(host: string): readonly string[] | undefined {
  return /(?:^|\.)localhost\.?$/i.test(host) ? ['127.0.0.1', '::1'] : undefined;
}
