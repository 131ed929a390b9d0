// A connection whose octets are read into one buffer of its own, again and again: nothing is allocated
// for what arrives, so a reader takes what it is shown at once, or asks for a pause and has it until then.

import { connect as connectTcp, type Socket, type TcpNetConnectOpts } from 'node:net';
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { unmapIPv4, type Endpoint } from './address.js';

export interface PipeReader {
  /**
   * Valid during the call. False: nothing more until `resume`, and valid until then. TLS shows what it has
   * decrypted already all the same; that is in a buffer of its own.
   */
  octets(octets: Buffer): boolean;
  /** The other side sends no more; `error` when the connection broke, undefined for an orderly end. Called once, last. */
  ended(error: Error | undefined): void;
}

export interface Pipe {
  readonly local: Endpoint;
  readonly remote: Endpoint;
  write(text: string): void;
  /** Who gets what arrives from now on. */
  read(reader: PipeReader): void;
  resume(): void;
  destroy(): void;
}

export interface TlsOptions {
  /** The certificate must be for this name; empty for an address, which is no name (RFC 6066 §3). */
  readonly servername: string;
  /** PEM of who may have signed it, in place of the system's. */
  readonly ca?: string;
  /** Any certificate will do. */
  readonly insecure?: boolean;
}

export interface PipeOptions {
  readonly endpoint: Endpoint;
  /** The address of this machine to speak from. */
  readonly localAddress?: string;
  readonly tls?: TlsOptions;
}

/** A connection begins with the first of these and takes the next when a read has filled what it has: few need much, a fast one few reads. */
const BUFFER_OCTETS = [65_536, 262_144, 1_048_576];

const endpointOf = (address: string | undefined, port: number | undefined): Endpoint => ({ address: unmapIPv4(address ?? ''), port: port ?? 0 });

function tlsOptions(tls: TlsOptions): ConnectionOptions {
  return {
    servername: tls.servername,
    ALPNProtocols: ['http/1.1'],
    ...(tls.ca === undefined ? {} : { ca: tls.ca }),
    ...(tls.insecure === true ? { rejectUnauthorized: false } : {}),
  };
}

/** Where what arrives goes until there is a reader: nowhere, the connection is paused. */
class Feed {
  private reader: PipeReader | undefined;
  private over: { readonly error: Error | undefined } | undefined;

  read(reader: PipeReader): void {
    this.reader = reader;
    if (this.over !== undefined) reader.ended(this.over.error);
  }

  octets(octets: Buffer): boolean {
    return this.reader?.octets(octets) ?? false;
  }

  end(error: Error | undefined): void {
    if (this.over !== undefined) return;
    this.over = { error };
    this.reader?.ended(error);
  }
}

function pipeOf(socket: Socket, feed: Feed): Pipe {
  socket.once('end', () => feed.end(undefined));
  socket.on('error', (error) => feed.end(error));
  socket.once('close', () => feed.end(Object.assign(new Error('the connection was closed'), { code: 'ECONNRESET' })));
  return {
    local: endpointOf(socket.localAddress, socket.localPort),
    remote: endpointOf(socket.remoteAddress, socket.remotePort),
    write: (text) => void socket.write(text, 'latin1'),
    read: (reader) => feed.read(reader),
    resume: () => void socket.resume(),
    destroy: () => void socket.destroy(),
  };
}

export interface Opening {
  readonly ready: Promise<Pipe>;
  /** Gives it up. */
  cancel(): void;
}

function opening(socket: Socket, event: 'connect' | 'secureConnect', feed: Feed): Opening {
  socket.setNoDelay(true);
  const ready = new Promise<Pipe>((resolve, reject) => {
    const fail = (error: Error): void => reject(error);
    const closed = (): void => reject(Object.assign(new Error('the connection was closed'), { code: 'ECONNRESET' }));
    socket.once('error', fail);
    socket.once('close', closed);
    socket.once(event, () => {
      socket.off('error', fail);
      socket.off('close', closed);
      resolve(pipeOf(socket, feed));
    });
  });
  ready.catch(() => undefined);
  return { ready, cancel: () => void socket.destroy() };
}

/** Begins a connection. `ready` rejects with the system's or TLS's error. */
export function openPipe({ endpoint, localAddress, tls }: PipeOptions): Opening {
  const feed = new Feed();
  const sizes = [...BUFFER_OCTETS];
  let buffer = Buffer.allocUnsafeSlow(sizes.shift() ?? 0);
  let filled = false;
  /** A reader has what is in the buffer, and TLS has more to put there: a record is shown though nothing is read. */
  let lent = false;
  const onread = {
    // Asked for before each read, and so after each callback.
    buffer: (): Uint8Array => {
      if (filled && sizes.length > 0) buffer = Buffer.allocUnsafeSlow(sizes.shift() ?? 0);
      else if (lent) buffer = Buffer.allocUnsafeSlow(buffer.length);
      filled = lent = false;
      return buffer;
    },
    callback: (count: number, buffer: Uint8Array): boolean => {
      filled = count === buffer.length;
      const keepOn = feed.octets(Buffer.from(buffer.buffer, buffer.byteOffset, count));
      lent = !keepOn && tls !== undefined;
      // The flow stops here, and the socket must know that it did, or it would not resume.
      if (!keepOn) socket.pause();
      return keepOn;
    },
  };
  const where: TcpNetConnectOpts = { host: endpoint.address, port: endpoint.port, onread, ...(localAddress === undefined ? {} : { localAddress }) };
  const socket: Socket = tls === undefined ? connectTcp(where) : connectTls({ ...where, ...tlsOptions(tls) });
  return opening(socket, tls === undefined ? 'connect' : 'secureConnect', feed);
}

/** TLS inside a connection that is there already, such as a proxy's tunnel. */
export function openTlsInside(socket: Socket, host: string, tls: TlsOptions): Opening {
  const feed = new Feed();
  const secure: TLSSocket = connectTls({ socket, host, ...tlsOptions(tls) });
  secure.on('data', (octets: Buffer) => {
    if (!feed.octets(octets)) secure.pause();
  });
  return opening(secure, 'secureConnect', feed);
}
