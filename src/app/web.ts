// The portal: the room `web/` behind an HTTP server, with the room `fetch/` as its eyes and hands.

import type { Catalog } from '../catalog/index.js';
import { createFetcher, type Fetcher } from '../fetch/index.js';
import { formatEndpoint, type Endpoint } from '../net/address.js';
import { createHttpServer } from '../net/http/server.js';
import { textResponse, type HttpHandler } from '../net/http/message.js';
import { createPortal, type ContentSource, type Portal } from '../web/index.js';
import type { Env } from './env.js';
import { systemLookup } from '../net/lookup.js';
import type { Service } from './service.js';

export interface WebServiceOptions {
  readonly listen: Endpoint;
  readonly catalog: Catalog;
  readonly mode: 'relay' | 'direct';
  readonly defaultStorePort: number;
  readonly timeoutMs: number;
}

export interface WebService {
  readonly endpoint: Endpoint;
  /** Takes the port; answers 503 until `serve`. */
  listen(): Promise<void>;
  /** Serves, asking this local DNS. */
  serve(dns: Endpoint): Promise<void>;
  stop(graceMs: number): Promise<void>;
}

/** The portal plays the client: what it needs to know of a title is asked the way `cdn fetch` asks. */
function contentSource(fetcher: Fetcher, defaultStorePort: number): ContentSource {
  const contentUrl = async (contentName: string, object: string, signal: AbortSignal): Promise<URL> => {
    const port = (await fetcher.servicePort(contentName, signal).catch(() => undefined)) ?? defaultStorePort;
    return new URL(`http://${contentName}:${port}${object}`);
  };
  return {
    port: (title, signal) => fetcher.servicePort(title.contentName, signal),
    locate: async (title, signal) => fetcher.locate(await contentUrl(title.contentName, title.object, signal), signal),
    open: async (title, known, signal) => fetcher.open(await contentUrl(title.contentName, title.object, signal), known, signal),
  };
}

const notYet: HttpHandler = () => textResponse(503, 'The portal is starting; try again in a moment.\n', { 'retry-after': '1' });

export function createWebService(options: WebServiceOptions, env: Env): WebService {
  let handler = notYet;
  let portal: Portal | undefined;
  const handle: HttpHandler = (request) => handler(request);
  const server = createHttpServer({ endpoint: options.listen, role: 'the portal' }, env.tracing?.http('cdn web', handle, { roots: true }) ?? handle, env);
  return {
    get endpoint() {
      return server.endpoint;
    },
    listen: () => server.start(),
    async serve(dns) {
      const fetcher = createFetcher({ dns, systemResolver: false, timeoutMs: options.timeoutMs }, { ...env, lookup: systemLookup });
      portal = createPortal(
        { catalog: options.catalog, mode: options.mode, defaultStorePort: options.defaultStorePort },
        { clock: env.clock, log: env.log, content: contentSource(fetcher, options.defaultStorePort), progress: env.progressOf('web') },
      );
      await portal.start();
      handler = portal.handler;
      env.log.info(` * Running on http://${formatEndpoint(server.endpoint)}/ (Press CTRL+C to quit)`, { ...server.endpoint, mode: options.mode });
    },
    async stop(graceMs) {
      await server.stop(graceMs);
      await portal?.stop();
    },
  };
}

/** `cdn web`: listen and serve in one. */
export function createWebCommandService(options: WebServiceOptions & { readonly dns: Endpoint }, env: Env): Service {
  const web = createWebService(options, env);
  return {
    start: async () => {
      await web.listen();
      try {
        await web.serve(options.dns);
      } catch (error) {
        await web.stop(0);
        throw error;
      }
    },
    stop: (graceMs) => web.stop(graceMs),
  };
}
