// The floor: a datagram in, the same datagram out, with nothing of a name server in between. What it
// costs is the runtime's and the system's, and no server in this language is below it.

import { createSocket } from 'node:dgram';

const [address = '127.0.0.1', port = '0'] = process.argv.slice(2);
const socket = createSocket({ type: 'udp4', lookup: (host, _options, callback) => callback(null, host, 4) });
socket.on('message', (octets, from) => {
  // An answer by its QR bit: dnsperf takes no other.
  octets[2] = (octets[2] ?? 0) | 0x80;
  socket.send(octets, from.port, from.address);
});
socket.bind(Number(port), address, () => process.stderr.write('ready\n'));
