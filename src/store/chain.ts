// The order of a store's layers, outermost first.

import type { Layer } from '../net/handler.js';
import { compose } from '../net/handler.js';
import type { HttpHandler } from '../net/http/message.js';

export interface StoreLayers {
  readonly answerLog: Layer<HttpHandler>;
  readonly identity: Layer<HttpHandler>;
  readonly health: Layer<HttpHandler>;
  readonly hosts: Layer<HttpHandler>;
  readonly signedUrls: Layer<HttpHandler>;
  /** What is in memory already. */
  readonly hot: Layer<HttpHandler>;
  readonly objects: HttpHandler;
}

export function createChain({ answerLog, identity, health, hosts, signedUrls, hot, objects }: StoreLayers): HttpHandler {
  return compose([answerLog, identity, health, hosts, signedUrls, hot], objects);
}
