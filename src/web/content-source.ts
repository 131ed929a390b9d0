// What the portal needs of the client's part: where a title's bytes are, and the bytes. The portal
// asks for it here because it may not know how names are resolved or who plays the client.

import type { Catalog, Title } from '../catalog/index.js';
import type { Endpoint } from '../net/address.js';

/** A title's bytes, their head known and their body about to arrive. */
export interface Content {
  readonly kind: 'content';
  /** undefined when the store doesn't say. */
  readonly length: number | undefined;
  /** As the store wrote it, quotes included. */
  readonly etag: string | undefined;
  readonly lastModifiedMs: number | undefined;
  readonly contentType: string;
  /** What the store promises of the whole (`Repr-Digest`). */
  readonly sha256: Uint8Array | undefined;
  /** The store that answered. */
  readonly from: Endpoint;
  /** Throws when the store breaks off, stays silent too long, or `signal` aborts; never ends short of `length`. */
  readonly body: AsyncIterable<Uint8Array>;
}

/** All three fail with a CdnError that names the party that failed, within the client's own time limits. */
export interface ContentSource {
  /** Where DNS sends a viewer of this title: a URL with the store's IP address and port. */
  locate(title: Title, signal: AbortSignal): Promise<URL>;
  /** The stores' port from SRV of `_http._tcp.<content name>`; undefined if DNS can't say. */
  port(title: Title, signal: AbortSignal): Promise<number | undefined>;
  /** Resolves when the store's head is known; 'unchanged' only if `known` was given and still holds. */
  open(title: Title, known: { readonly etag: string } | undefined, signal: AbortSignal): Promise<{ readonly kind: 'unchanged' } | Content>;
}

/** Who carries a title's bytes to a browser: the portal itself, or the store that DNS picked. */
export type PortalMode = 'relay' | 'direct';

export interface PortalOptions {
  readonly catalog: Catalog;
  readonly mode: PortalMode;
  /** In content URLs while DNS can't say the stores' port. */
  readonly defaultStorePort: number;
  /** Copies are kept in files without a name within this folder; the system's for temporary files by default. */
  readonly scratchDir?: string;
  /** Idle copies make room as soon as all copies, complete or arriving, take more of it; 4 GiB by default. */
  readonly relaySpaceBytes?: number;
}
