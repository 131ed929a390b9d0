// pcapng files (draft-ietf-opsawg-pcapng): a section, one Ethernet interface, a packet a block, each with a
// comment.

export interface Packet {
  /** Microseconds since 1970. */
  readonly atUs: number;
  readonly octets: Uint8Array;
  /** Octets at the end that are not in the file: a packet cut short. */
  readonly cut?: number;
  readonly comment: string;
}

const LINKTYPE_ETHERNET = 1;
const OPT_COMMENT = 1;
const SHB_USERAPPL = 4;
const IF_NAME = 2;

/** §3.5: code, length, value, padded to four octets. */
function option(code: number, text: string): Buffer {
  const value = Buffer.from(text, 'utf8').subarray(0, 0xffff);
  const block = Buffer.alloc(4 + pad(value.length));
  block.writeUInt16LE(code, 0);
  block.writeUInt16LE(value.length, 2);
  value.copy(block, 4);
  return block;
}

const END_OF_OPTIONS = Buffer.alloc(4);

function pad(length: number): number {
  return (length + 3) & ~3;
}

/** §3.1: type, total length, body, total length again. */
function block(type: number, parts: readonly Uint8Array[]): Buffer {
  const length = 12 + parts.reduce((sum, part) => sum + part.byteLength, 0);
  const [start, end] = [Buffer.alloc(8), Buffer.alloc(4)];
  start.writeUInt32LE(type, 0);
  start.writeUInt32LE(length, 4);
  end.writeUInt32LE(length, 0);
  return Buffer.concat([start, ...parts, end]);
}

function sectionHeader(application: string): Buffer {
  const fixed = Buffer.alloc(16);
  fixed.writeUInt32LE(0x1a2b3c4d, 0);
  fixed.writeUInt16LE(1, 4);
  // §4.1: all ones, the length of the section is not said.
  fixed.fill(0xff, 8);
  return block(0x0a0d0d0a, [fixed, option(SHB_USERAPPL, application), END_OF_OPTIONS]);
}

function interfaceDescription(name: string, comment: string): Buffer {
  const fixed = Buffer.alloc(8);
  fixed.writeUInt16LE(LINKTYPE_ETHERNET, 0);
  // §4.2: no limit; time in microseconds, as it is unless if_tsresol says otherwise.
  return block(1, [fixed, option(OPT_COMMENT, comment), option(IF_NAME, name), END_OF_OPTIONS]);
}

function enhancedPacket({ atUs, octets, cut = 0, comment }: Packet): Buffer {
  const fixed = Buffer.alloc(20);
  fixed.writeUInt32LE(Math.floor(atUs / 0x1_0000_0000), 4);
  fixed.writeUInt32LE(atUs % 0x1_0000_0000, 8);
  fixed.writeUInt32LE(octets.byteLength, 12);
  fixed.writeUInt32LE(octets.byteLength + cut, 16);
  const padding = Buffer.alloc(pad(octets.byteLength) - octets.byteLength);
  return block(6, [fixed, octets, padding, option(OPT_COMMENT, comment), END_OF_OPTIONS]);
}

export function encodePcapng(packets: readonly Packet[], about: { readonly application: string; readonly interfaceName: string; readonly comment: string }): Uint8Array {
  return Buffer.concat([sectionHeader(about.application), interfaceDescription(about.interfaceName, about.comment), ...packets.map(enhancedPacket)]);
}
