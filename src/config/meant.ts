// What was probably meant by a value that is none, to be typed next.

import { formatEndpoint, parseEndpoint } from '../net/address.js';

/** "8080", ":8080", "localhost:8080" -> "127.0.0.1:8080"; an address alone gets `defaultPort`. undefined when there is no telling. */
export function meantEndpoint(text: string, defaultPort: number): string | undefined {
  const port = /^(?:localhost|\*)?:?(\d{1,5})$/i.exec(text.trim())?.[1];
  const found = port === undefined ? parseEndpoint(text, defaultPort) : parseEndpoint(`127.0.0.1:${port}`);
  return found && formatEndpoint(found);
}
