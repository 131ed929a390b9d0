// One error class and one table: code -> exit status, and whether trying again can help.
// docs/errors.md explains each code; a test holds the two together.

export interface ErrorKind {
  /** The process's exit status when a command ends with this error. */
  readonly exit: number;
  /** Whether the same attempt may succeed later without anybody changing anything. */
  readonly retry: boolean;
}

export const ERRORS = {
  USAGE: { exit: 2, retry: false },
  NO_SUCH_TITLE: { exit: 3, retry: false },
  NO_SUCH_NAME: { exit: 3, retry: false },
  NO_SUCH_OBJECT: { exit: 3, retry: false },
  DNS_UNREACHABLE: { exit: 4, retry: true },
  DNS_FAILURE: { exit: 4, retry: true },
  PORTAL_UNREACHABLE: { exit: 4, retry: true },
  STORE_UNREACHABLE: { exit: 4, retry: true },
  PEER_PROTOCOL: { exit: 4, retry: true },
  PEER_REFUSED: { exit: 4, retry: true },
  INCOMPLETE: { exit: 4, retry: true },
  DIGEST_MISMATCH: { exit: 5, retry: true },
  ADDRESS_IN_USE: { exit: 6, retry: false },
  ADDRESS_UNAVAILABLE: { exit: 6, retry: false },
  FOLDER_UNREADABLE: { exit: 6, retry: false },
  CACHE_FOLDER: { exit: 6, retry: false },
  FILE_EXISTS: { exit: 2, retry: false },
  DISK_WRITE: { exit: 6, retry: false },
  INTERRUPTED: { exit: 130, retry: true },
  TERMINATED: { exit: 143, retry: true },
} as const satisfies Record<string, ErrorKind>;

export type ErrorCode = keyof typeof ERRORS;

export interface CdnErrorOptions {
  /** Facts for machines: address, port, name, path … */
  readonly details?: Readonly<Record<string, unknown>>;
  /** Commands that can be pasted to get further, or one plain sentence each. */
  readonly suggestions?: readonly string[];
  readonly cause?: unknown;
}

/** The message says what was attempted on what, and what came of it. */
export class CdnError extends Error {
  override readonly name = 'CdnError';
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, unknown>>;
  readonly suggestions: readonly string[];

  constructor(code: ErrorCode, message: string, options: CdnErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details ?? {};
    this.suggestions = options.suggestions ?? [];
  }

  get exit(): number {
    return ERRORS[this.code].exit;
  }

  get retry(): boolean {
    return ERRORS[this.code].retry;
  }
}

/** The `code` of a Node system error (`EADDRINUSE`, `ENOENT` …), if it has one. */
export function systemCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** The message of anything that can be thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
