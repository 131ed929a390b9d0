// The portal can be read, nothing more.

import { refuseMethod } from '../net/http/deliver.js';
import type { HttpHandler } from '../net/http/message.js';

export function methods(next: HttpHandler): HttpHandler {
  return (request) => (request.method === 'GET' || request.method === 'HEAD' ? next(request) : refuseMethod(request.method, ['GET', 'HEAD']));
}
