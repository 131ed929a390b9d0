// Which answer stands behind which path.

import { Readable } from 'node:stream';
import type { Clock } from '../base/clock.js';
import type { Catalog, Title } from '../catalog/index.js';
import { formatEndpoint } from '../net/address.js';
import { deliver } from '../net/http/deliver.js';
import { jsonResponse, textResponse, type HttpHandler, type HttpRequest, type HttpResponse } from '../net/http/message.js';
import { ASSETS, type Asset } from './assets/index.js';
import type { ContentSource, PortalMode } from './content-source.js';
import { failureResponse } from './failures.js';
import { UNKNOWN_MEDIA, deliverCopy, primed, withoutContent } from './media.js';
import { selectMediaType } from './negotiate.js';
import { describeIndex, indexPage } from './pages/index-page.js';
import { html } from './html.js';
import { pageResponse } from './pages/respond.js';
import { titlePage } from './pages/title-page.js';
import type { Arrival } from './arrival.js';
import type { Relay } from './relay.js';
import { parsePath, selectRoute, formatMediaPath } from './path.js';
import type { StorePorts } from './store-ports.js';

export function createRoutes(
  options: { readonly catalog: Catalog; readonly mode: PortalMode },
  env: { readonly clock: Clock; readonly content: Pick<ContentSource, 'locate'>; readonly relay: Relay; readonly ports: StorePorts },
): HttpHandler {
  const { catalog, mode } = options;
  const { clock, content, relay, ports } = env;
  const assetsFrom = clock.now();

  const listed = async () => {
    const found = await ports.portsOf(catalog.titles);
    return catalog.titles.flatMap((title, index) => {
      const port = found[index];
      return port === undefined ? [] : [{ title, port }];
    });
  };

  async function index(request: HttpRequest): Promise<HttpResponse> {
    const vary = { vary: 'Accept' };
    if (selectMediaType(request.fields['accept'], ['text/html', 'application/json']) === 'text/html') {
      return pageResponse(200, indexPage(await listed(), mode), vary);
    }
    return jsonResponse(200, describeIndex(await listed()), { ...vary, 'cache-control': 'no-cache' });
  }

  async function page(request: HttpRequest, title: Title): Promise<HttpResponse> {
    const at = catalog.titles.indexOf(title);
    const beside = { title, previous: catalog.titles[at - 1], next: catalog.titles[at + 1] };
    if (mode === 'direct') {
      const url = await content.locate(title, request.signal);
      const markup = titlePage({ ...beside, source: url.href, storeUrl: url.href, delivery: { kind: 'direct', store: url.host } });
      return pageResponse(200, markup, {}, url);
    }
    // A HEAD begins no transfer, so what the page says of its copy may stay unsaid (RFC 9110 §9.3.2).
    const copy = request.method === 'HEAD' ? relay.find(title) : await shown(request, title);
    if (copy === undefined) return { ...pageResponse(200, html``), body: withoutContent() };
    const { head, length, state } = copy;
    const store = formatEndpoint(head.from);
    const markup = titlePage({
      ...beside,
      source: formatMediaPath(title),
      storeUrl: `http://${store}${title.object}`,
      delivery: { kind: 'relay', store, length, complete: state === 'complete', sha256: head.sha256 },
    });
    return pageResponse(200, markup);
  }

  /** The film's copy as its page found it; the relay goes on with it until a player has had time to come. */
  async function shown(request: HttpRequest, title: Title): Promise<Arrival> {
    const lease = await relay.obtain(title, 'page', request.signal);
    lease.release();
    return lease.copy;
  }

  async function media(request: HttpRequest, title: Title): Promise<HttpResponse> {
    if (mode === 'direct') return redirect(307, (await content.locate(title, request.signal)).href);
    if (request.method === 'HEAD') {
      const copy = relay.find(title);
      return copy === undefined ? UNKNOWN_MEDIA : deliverCopy(request, copy, clock.now());
    }
    const lease = await relay.obtain(title, 'media', request.signal);
    try {
      const response = await primed(request, deliverCopy(request, lease.copy, clock.now()));
      return {
        ...response,
        finished: (outcome) => {
          lease.release();
          response.finished?.(outcome);
        },
      };
    } catch (error) {
      lease.release();
      throw error;
    }
  }

  function asset(request: HttpRequest, found: Asset): HttpResponse {
    const { octets, etag, contentType } = found;
    return deliver(
      request,
      {
        length: octets.length,
        etag,
        lastModifiedMs: assetsFrom,
        contentType,
        fields: { 'cache-control': 'max-age=86400' },
        open: (range) => Readable.from([octets.subarray(range.firstPos, range.lastPos + 1)]),
      },
      clock.now(),
    );
  }

  return (request) => {
    const path = parsePath(request.target);
    const found = path === undefined ? undefined : ASSETS.get(path);
    if (found !== undefined) return asset(request, found);
    const route = path === undefined ? undefined : selectRoute(path, catalog);
    switch (route?.kind) {
      case 'index':
        return index(request);
      case 'catalog':
        return listed().then((entries) => jsonResponse(200, describeIndex(entries), { 'cache-control': 'no-cache' }));
      case 'health':
        return jsonResponse(
          200,
          { status: 'ok', role: 'portal', mode, titles: catalog.titles.length, relays: relay.running },
          { 'cache-control': 'no-store' },
        );
      case 'elsewhere':
        return redirect(301, route.location);
      case 'page':
        return page(request, route.title);
      case 'media':
        return media(request, route.title);
      case undefined:
        return failureResponse(request, {
          status: 404,
          code: undefined,
          title: 'No such page',
          message: 'There is nothing at this address. All titles are on the first page.',
          suggestions: [],
        });
    }
  };
}

function redirect(status: number, location: string): HttpResponse {
  return textResponse(status, `${location}\n`, { location, 'cache-control': status === 301 ? 'max-age=3600' : 'no-store' });
}
