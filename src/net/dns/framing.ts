// DNS over TCP: each message behind two octets of length (RFC 1035 §4.2.2).

/** The message as it is sent, in one piece: length and message in one segment (RFC 7766 §8). */
export function frame(message: Uint8Array): Uint8Array {
  const framed = new Uint8Array(message.length + 2);
  framed[0] = message.length >>> 8;
  framed[1] = message.length;
  framed.set(message, 2);
  return framed;
}

/** Cuts a stream into messages, however its octets come: many messages at once or one octet at a time. */
export class Deframer {
  #buffer = new Uint8Array(512);
  #start = 0;
  #end = 0;

  /** Whether octets of a message not yet whole, or not yet taken, are held. */
  get holds(): boolean {
    return this.#end > this.#start;
  }

  push(chunk: Uint8Array): void {
    const held = this.#end - this.#start;
    if (this.#end + chunk.length > this.#buffer.length) {
      // Doubling keeps the copying in proportion to what has come, also when it comes octet by octet.
      const size = held + chunk.length;
      const larger = size > this.#buffer.length ? new Uint8Array(Math.max(size, 2 * this.#buffer.length)) : this.#buffer;
      larger.set(this.#buffer.subarray(this.#start, this.#end));
      this.#buffer = larger;
      this.#start = 0;
      this.#end = held;
    }
    this.#buffer.set(chunk, this.#end);
    this.#end += chunk.length;
  }

  /** The next whole message; its octets are good until the next push. */
  next(): Uint8Array | undefined {
    const held = this.#end - this.#start;
    if (held < 2) return undefined;
    const size = ((this.#buffer[this.#start] as number) << 8) | (this.#buffer[this.#start + 1] as number);
    if (held < 2 + size) return undefined;
    const message = this.#buffer.subarray(this.#start + 2, this.#start + 2 + size);
    this.#start += 2 + size;
    return message;
  }
}
