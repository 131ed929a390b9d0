// The seam between a zone and request routing: for whom an answer is, and which of an RRset's records
// it gives.

import { createClientSubnet, type ClientSubnet } from '../net/dns/edns.js';
import { unmapIPv4 } from '../net/address.js';

/** Whom an answer is for. */
export interface Asker {
  /** The address that the query came from. */
  readonly peer: string;
  /** The client subnet that came with it (RFC 7871), if any. */
  readonly subnet: ClientSubnet | undefined;
  /** What was decided for it already. */
  readonly decided?: Selection | undefined;
}

export type Selection =
  | {
    readonly kind: 'records';
    /** Positions among the RRset's records, best first. At least one. */
    readonly picks: readonly number[];
    /** How many bits of the asker's address took part in the decision; 0: the same answer suits everybody. */
    readonly scope: number;
  }
  /** The name exists, and has nothing of this type to give just now. */
  | { readonly kind: 'nodata' }
  | { readonly kind: 'servfail' };

/** Decides for one answer. */
export type SelectRecords = (asker: Asker) => Selection;

/** The network a decision may look at: the client subnet, or the whole address of whoever asks. undefined: neither is one. */
export function networkOf({ peer, subnet }: Asker): ClientSubnet | undefined {
  // RFC 7871 §7.1.2: a source prefix of 0 tells nothing of the client; the resolver itself is what is known.
  if (subnet && subnet.sourcePrefixLength > 0) return subnet;
  const address = unmapIPv4(peer).replace(/%.*$/, '');
  return createClientSubnet(address, address.includes(':') ? 128 : 32);
}
