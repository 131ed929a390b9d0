// What a store is to be: a folder's, or an edge.

import type { Endpoint } from '../net/address.js';
import type { EdgeOptions } from '../store/index.js';
import type { AccessLogOptions } from './access-log.js';

/** Of the whole store. */
export const DEFAULT_MAX_CONNECTIONS = 16_384;

export interface StoreServiceOptions {
  readonly listen: Endpoint;
  readonly id: string;
  /** Where its objects come from: a folder, or an origin whose edge it is. */
  readonly objects: FolderObjects | EdgeObjects;
  /** Bytes a second for each response; undefined: as fast as it goes. */
  readonly rateBytesPerSecond: number | undefined;
  /** Transfers at a time; undefined: no limit. */
  readonly capacity?: number | undefined;
  /** Hosts it answers for besides its own addresses and the names of the two zones. */
  readonly serveHosts?: readonly string[];
  /** A file of keys: only URLs that are signed with one of them are served. */
  readonly signedUrls?: string | undefined;
  /** A line for each answer of the store, not of its admin listener. */
  readonly accessLog?: AccessLogOptions | undefined;
  readonly maxConnections?: number | undefined;
}

export interface FolderObjects {
  readonly kind: 'folder';
  readonly dir: string;
  /** How long caches may keep an object without asking; undefined: the usual time. */
  readonly maxAgeSeconds?: number | undefined;
  /** Memory for files that are asked for again and again; undefined: none. */
  readonly memoryOctets?: number | undefined;
}

/** Where the administrator comes in. */
export interface AdminListen {
  readonly listen: Endpoint;
  /** undefined: whoever is on this machine may come in. */
  readonly token: string | undefined;
}

export interface EdgeObjects extends Pick<EdgeOptions, 'origins' | 'cache' | 'sliceOctets'> {
  readonly kind: 'edge';
  /** 'elsewhere': by a listener that isn't this store's, through its controls. */
  readonly admin?: AdminListen | 'elsewhere' | undefined;
}
