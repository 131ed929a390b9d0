// What an answer to a request for a part is worth: whether it brings what was asked for, of the version
// that is held, and where its bytes belong.

import type { HeaderFields } from '../net/http/message.js';
import { parseContentRange } from '../net/http/range.js';
import { isSameVersion, versionOf, type Version } from './version.js';

export interface Wanted {
  /** undefined: the whole, no range was asked for. */
  readonly range: { readonly firstPos: number; readonly lastPos: number | undefined } | { readonly suffix: number } | undefined;
  /** What bytes are held of; undefined when none are. */
  readonly version: Version | undefined;
}

export type Judgement =
  /** Its bytes begin at `firstPos` of the representation. */
  | { readonly kind: 'fits'; readonly firstPos: number; readonly lastPos: number | undefined; readonly version: Version; readonly ignoredRange: boolean }
  /** The answer is of another version, or can't be shown to be of this one. */
  | { readonly kind: 'other-version'; readonly why: string; readonly whole: boolean }
  /** The answer contradicts itself or what was asked. */
  | { readonly kind: 'lies'; readonly why: string };

function lies(why: string): Judgement {
  return { kind: 'lies', why };
}

function whyOther(held: Version, found: Version): string {
  if (held.length !== undefined && found.length !== undefined && held.length !== found.length) return `it has ${found.length} octets now, not ${held.length}`;
  if (held.sha256 !== undefined && found.sha256 !== undefined) return 'its SHA-256 is another one';
  return held.etag !== undefined && found.etag !== undefined ? 'its ETag is another one' : 'nothing says that it is the same version';
}

/** RFC 9110 §15.3.7: a 206 to a request for one range is of that range, or of a part of it that begins there. */
function judgePartial(fields: HeaderFields, { range, version: held }: Wanted): Judgement {
  if (range === undefined) return lies('answered 206 though no range was asked for');
  const field = fields['content-range'];
  const content = field === undefined ? undefined : parseContentRange(field);
  if (content?.range === undefined) return lies(field === undefined ? 'answered 206 without a Content-Range' : `answered 206 with a Content-Range that is none: ${field}`);
  const { firstPos, lastPos } = content.range;
  const found = versionOf(206, fields);
  if (held !== undefined && !isSameVersion(held, found)) return { kind: 'other-version', why: whyOther(held, found), whole: false };
  const asked = 'suffix' in range ? `the last ${range.suffix} octets` : `octets ${range.firstPos}-${range.lastPos ?? ''}`;
  const misplaced = 'suffix' in range
    ? found.length !== undefined && (lastPos !== found.length - 1 || firstPos < found.length - range.suffix)
    : firstPos !== range.firstPos || (range.lastPos !== undefined && lastPos > range.lastPos);
  if (misplaced) return lies(`was asked for ${asked} and sends ${firstPos}-${lastPos}`);
  const length = fields['content-length'];
  if (length !== undefined && Number(length) !== lastPos - firstPos + 1) return lies(`sends ${length} octets for the range ${firstPos}-${lastPos}`);
  return { kind: 'fits', firstPos, lastPos, version: found, ignoredRange: false };
}

/** For an answer of 200, 206 or 416. */
export function judge(status: number, fields: HeaderFields, wanted: Wanted): Judgement {
  const { range, version: held } = wanted;
  if (status === 206) return judgePartial(fields, wanted);
  if (status === 416) {
    const length = fields['content-range'] === undefined ? undefined : parseContentRange(fields['content-range'])?.completeLength;
    if (range === undefined) return lies('answered 416 though no range was asked for');
    return { kind: 'other-version', why: length === undefined ? 'the range is not there any more' : `it has ${length} octets now`, whole: false };
  }
  const found = versionOf(200, fields);
  if (held !== undefined && !isSameVersion(held, found)) return { kind: 'other-version', why: whyOther(held, found), whole: true };
  // RFC 9110 §14.2: a server may ignore Range, and If-Range makes it. The bytes before are passed over.
  return { kind: 'fits', firstPos: 0, lastPos: found.length === undefined ? undefined : found.length - 1, version: found, ignoredRange: range !== undefined };
}
