// A page -> its answer.

import { textResponse, type HeaderFields, type HttpResponse } from '../../net/http/message.js';
import type { Html } from '../html.js';
import { formatPagePolicy } from '../security-fields.js';

export function pageResponse(status: number, page: Html, fields: HeaderFields = {}, mediaFrom?: URL): HttpResponse {
  return textResponse(status, page.markup, {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': formatPagePolicy(mediaFrom),
    'cache-control': 'no-cache',
    ...fields,
  });
}
