// A request that was read without node's parser. Its signal is made when somebody asks for it.

import type { Endpoint } from '../address.js';
import type { HeaderFields, HttpRequest } from './message.js';
import type { Outlet } from './outlet.js';
import type { PlainHead } from './plain-head.js';

export interface Ends {
  readonly peer: Endpoint;
  readonly local: Endpoint;
}

/** Where interim answers go. */
export interface Interims {
  sendInterim(request: DirectRequest, status: number, fields: HeaderFields): void;
}

export class DirectRequest implements HttpRequest {
  readonly method: string;
  readonly target: string;
  readonly fields: HeaderFields;
  readonly peer: Endpoint;
  readonly local: Endpoint;
  /** Of an answer that takes its time. */
  outlet: Outlet | undefined;
  private readonly interims: Interims;
  private controller: AbortController | undefined;
  private lost = false;

  constructor({ method, target, fields }: PlainHead, { peer, local }: Ends, interims: Interims) {
    this.method = method;
    this.target = target;
    this.fields = fields;
    this.peer = peer;
    this.local = local;
    this.interims = interims;
  }

  get signal(): AbortSignal {
    if (this.controller === undefined) {
      this.controller = new AbortController();
      if (this.lost) this.lose();
    }
    return this.controller.signal;
  }

  get interim(): (status: number, fields: HeaderFields) => void {
    return (status, fields) => this.interims.sendInterim(this, status, fields);
  }

  /** The client is gone. */
  lose(): void {
    this.lost = true;
    this.controller?.abort(new Error('the client is gone'));
  }
}
