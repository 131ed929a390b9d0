// The order of the portal's layers, and nothing else.

import type { Clock } from '../base/clock.js';
import { compose } from '../net/handler.js';
import type { HttpHandler } from '../net/http/message.js';
import type { Log } from '../observe/log.js';
import { accessLog } from './access-log.js';
import { failures } from './failures.js';
import { methods } from './methods.js';
import { securityFields } from './security-fields.js';

export function createChain(routes: HttpHandler, env: { readonly clock: Clock; readonly log: Log }): HttpHandler {
  return compose([accessLog(env), securityFields, methods, failures(env)], routes);
}
