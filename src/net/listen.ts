// Why a server could not start to listen, told so that the reader can act on it.

import { CdnError, messageOf, systemCode } from '../base/errors.js';
import { formatEndpoint, type Endpoint } from './address.js';

/**
 * The CdnError for a failed `listen` or `bind`: ADDRESS_IN_USE or ADDRESS_UNAVAILABLE. `what` is who
 * wanted to listen ("the store", "the local DNS"). An error that is not about the address comes
 * back as ADDRESS_UNAVAILABLE with the system's own words.
 */
export function listenError(what: string, endpoint: Endpoint, error: unknown): CdnError {
  if (error instanceof CdnError) return error;
  const code = systemCode(error);
  const elsewhere = `the same command with --listen ${formatEndpoint({ address: endpoint.address, port: 0 })}, for a free port`;
  const details = { what, address: endpoint.address, port: endpoint.port, system: code };
  const attempted = `${what} cannot listen on ${formatEndpoint(endpoint)}`;
  switch (code) {
    case 'EADDRINUSE':
      return new CdnError('ADDRESS_IN_USE', `${attempted}: the port is in use`, {
        details,
        suggestions: [elsewhere],
        cause: error,
      });
    case 'EADDRNOTAVAIL':
      return new CdnError('ADDRESS_UNAVAILABLE', `${attempted}: this machine has no such address`, {
        details,
        suggestions: [`the same command with --listen ${endpoint.address.includes(':') ? '[::1]' : '127.0.0.1'}:${endpoint.port}`],
        cause: error,
      });
    case 'EACCES':
    case 'EPERM':
      return new CdnError('ADDRESS_UNAVAILABLE', `${attempted}: permission denied`, {
        details,
        suggestions: [elsewhere],
        cause: error,
      });
    default:
      return new CdnError('ADDRESS_UNAVAILABLE', `${attempted}: ${messageOf(error)}`, { details, suggestions: [elsewhere], cause: error });
  }
}
