// The HTTP server that tells the status of the stores.

import { CdnError } from '../base/errors.js';
import { DEFAULTS } from '../config/index.js';
import { createStatusHandler, type StatusParts } from '../dns/index.js';
import { formatEndpoint, type Endpoint } from '../net/address.js';
import { createHttpServer } from '../net/http/server.js';
import type { DnsNews, DnsServiceOptions } from './dns-options.js';
import type { Env } from './env.js';
import type { Service } from './service.js';

export interface OpenStatus {
  /** Started. */
  readonly service: Service;
  readonly news: DnsNews;
}

/** @throws CdnError ADDRESS_IN_USE, ADDRESS_UNAVAILABLE */
export async function openStatus(current: () => StatusParts, options: Pick<DnsServiceOptions, 'status' | 'listen'>, env: Env): Promise<OpenStatus> {
  const handler = createStatusHandler(current, env);
  const listenAt = async (at: Endpoint): Promise<OpenStatus> => {
    const service = createHttpServer({ endpoint: at, role: 'the status of the stores' }, handler, env);
    await service.start();
    return { service, news: { text: `Status of the stores on http://${formatEndpoint(service.endpoint)}/_cdn/health`, facts: { role: 'status', ...service.endpoint } } };
  };
  if (options.status) return await listenAt(options.status);
  // Where the others are on free ports, so is this.
  const usual = options.listen.port === 0 ? { ...DEFAULTS.status, port: 0 } : DEFAULTS.status;
  try {
    return await listenAt(usual);
  } catch (error) {
    if (!(error instanceof CdnError) || error.code !== 'ADDRESS_IN_USE') throw error;
    return await listenAt({ ...usual, port: 0 });
  }
}
