import { createConnection, createServer } from 'node:net';

/** Forwards connections to another port. For each line on its input, it prints the total number of bytes that were sent back. */
const [listen = 0, target = 0] = process.argv.slice(2).map(Number);
let bytes = 0;
createServer((client) => {
  const server = createConnection({ port: target, host: '127.0.0.1' });
  server.on('data', (chunk) => (bytes += chunk.length));
  client.pipe(server).pipe(client);
  for (const socket of [client, server]) socket.on('error', () => socket.destroy());
}).listen(listen, '127.0.0.1', () => process.stdout.write('0\n'));
process.stdin.on('data', () => process.stdout.write(`${bytes}\n`)).on('end', () => process.exit());
