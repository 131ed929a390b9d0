// --write-out: curl's variables filled in, when a file is done.

import { formatEndpoint } from '../net/address.js';
import type { FetchOutcome } from '../app/fetch.js';
import { describeFailure } from './errors.js';

function variables(target: string, outcome: FetchOutcome): Readonly<Record<string, string | number | undefined>> {
  if ('error' in outcome) {
    const failure = describeFailure(outcome.error, 'fetch');
    const { error } = failure.json as { error: { message: string } };
    return { url: target, http_code: '000', response_code: '000', exitcode: failure.exit, errormsg: error.message, json: JSON.stringify(failure.json) };
  }
  const { report } = outcome;
  const { store } = report;
  const code = String(report.status).padStart(3, '0');
  return {
    url: target, url_effective: report.url, http_code: code, response_code: code, exitcode: 0, errormsg: '',
    size_download: report.bytes - report.resumedBytes, time_total: (report.durationMs / 1000).toFixed(6), speed_download: Math.round(((report.bytes - report.resumedBytes) * 1000) / Math.max(report.durationMs, 0.001)),
    remote_ip: store.address, remote_port: store.port, remote: formatEndpoint(store), num_redirects: report.redirects, content_type: report.contentType,
    filename_effective: report.file, etag: report.etag, sha256: report.sha256, digest: report.digest, json: JSON.stringify(report),
  };
}

const ESCAPES: Readonly<Record<string, string>> = { '\\n': '\n', '\\r': '\r', '\\t': '\t', '%%': '%' };

/** `%{name}`, `\n`, `\r`, `\t` and `%%`, as curl has them; a variable that there isn't is left as it stands. */
export function formatWriteOut(format: string, target: string, outcome: FetchOutcome): string {
  const values = variables(target, outcome);
  return format.replace(/%\{(\w+)\}|\\[nrt]|%%/g, (text, name: string | undefined) => {
    if (name === undefined) return ESCAPES[text] ?? text;
    return Object.hasOwn(values, name) ? String(values[name] ?? '') : text;
  });
}
