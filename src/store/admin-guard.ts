// Who may come in by the administrator's door. With a token, whoever has it. Without one, programs of
// this machine: a page in a browser, of whatever origin, is kept out by more than one of the rules below.

import { createHash, timingSafeEqual } from 'node:crypto';
import { isLoopback, parseEndpoint } from '../net/address.js';
import { textResponse, type HttpRequest, type HttpResponse } from '../net/http/message.js';

const digestOf = (text: string): Buffer => createHash('sha256').update(text, 'utf8').digest();

const NO_STORE = { 'cache-control': 'no-store' };
const refuse = (status: number, why: string, fields: Readonly<Record<string, string>> = {}): HttpResponse => textResponse(status, `${why}\n`, { ...NO_STORE, ...fields });

/** A name that anybody's DNS could make stand for this machine is not this machine (DNS rebinding). */
function isHere(host: string): boolean {
  const name = host.replace(/:\d*$/, '').toLowerCase();
  if (name === 'localhost') return true;
  const address = parseEndpoint(host, 80)?.address;
  return address !== undefined && isLoopback(address);
}

/** RFC 9110 §11.4: the scheme's name in any case; RFC 6750 §2.1. */
const bearerOf = (authorization: string | undefined): string | undefined => /^bearer +([!-~]+)$/i.exec(authorization ?? '')?.[1];

/** The refusal, or undefined where the request may come in. */
export function createAdminGuard(token: string | undefined): (request: HttpRequest) => HttpResponse | undefined {
  const expected = token === undefined ? undefined : digestOf(token);

  /** Digests have one length whatever was sent: the comparison takes the same time for all. */
  function isAuthorised(fields: HttpRequest['fields']): boolean {
    const sent = bearerOf(fields['authorization']);
    return expected !== undefined && sent !== undefined && timingSafeEqual(digestOf(sent), expected);
  }

  return ({ method, fields, peer }) => {
    if (expected !== undefined) {
      // RFC 6750 §3
      if (!isAuthorised(fields)) return refuse(401, 'This needs the administrator\'s token: Authorization: Bearer TOKEN.', { 'www-authenticate': `Bearer realm="cdn"${fields['authorization'] === undefined ? '' : ', error="invalid_token"'}` });
    } else {
      if (!isLoopback(peer.address)) return refuse(403, 'Without a token this is for this machine alone.');
      // Browsers send Origin with whatever isn't GET or HEAD, and Sec-Fetch-Site with every request to loopback.
      if (fields['origin'] !== undefined || fields['sec-fetch-site'] !== undefined) return refuse(403, 'Without a token this is not for pages in a browser.');
      if (!isHere(fields['host'] ?? '')) return refuse(403, 'Without a token, Host must be localhost or a loopback address.');
    }
    // No form can send this type, and no script of another origin may without leave, which nobody gives here.
    const isJson = /^application\/json *(;|$)/i.test(fields['content-type'] ?? '');
    return method === 'POST' && !isJson ? refuse(415, 'The content must be JSON: Content-Type: application/json.') : undefined;
  };
}
