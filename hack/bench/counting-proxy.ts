import { createConnection, createServer } from 'node:net';

/** Passes connections on to another port of this network, and says on its output how many bytes came back, in all, whenever it is asked by a line. */
const [listen = 0, target = 0] = process.argv.slice(2).map(Number);
let bytes = 0;
createServer((client) => {
  const server = createConnection({ port: target, host: '127.0.0.1' });
  server.on('data', (chunk) => (bytes += chunk.length));
  client.pipe(server).pipe(client);
  for (const socket of [client, server]) socket.on('error', () => socket.destroy());
}).listen(listen, '127.0.0.1', () => process.stdout.write('0\n'));
process.stdin.on('data', () => process.stdout.write(`${bytes}\n`)).on('end', () => process.exit());
