// A request that was read without node's parser. Its signal, and what sends an interim answer, are made when
// somebody asks for them; so they are no properties of its own, and a copy by spreading would lose them.

import type { Endpoint } from '../address.js';
import type { HeaderFields, HttpRequest } from './message.js';
import type { Outlet } from './outlet.js';
import type { PlainHead } from './plain-head.js';

export interface Ends {
  readonly peer: Endpoint;
  readonly local: Endpoint;
}

type SendInterim = (request: DirectRequest, status: number, fields: HeaderFields) => void;

export class DirectRequest implements HttpRequest {
  readonly method: string;
  readonly target: string;
  readonly fields: HeaderFields;
  readonly peer: Endpoint;
  readonly local: Endpoint;
  /** Of an answer that takes its time. */
  outlet: Outlet | undefined;
  private readonly sendInterim: SendInterim;
  private controller: AbortController | undefined;
  private lost = false;

  constructor({ method, target, fields }: PlainHead, { peer, local }: Ends, sendInterim: SendInterim) {
    this.method = method;
    this.target = target;
    this.fields = fields;
    this.peer = peer;
    this.local = local;
    this.sendInterim = sendInterim;
  }

  get interim(): (status: number, fields: HeaderFields) => void {
    return (status, fields) => this.sendInterim(this, status, fields);
  }

  get signal(): AbortSignal {
    if (this.controller === undefined) {
      this.controller = new AbortController();
      if (this.lost) this.lose();
    }
    return this.controller.signal;
  }

  /** The client is gone. */
  lose(): void {
    this.lost = true;
    this.controller?.abort(new Error('the client is gone'));
  }
}
