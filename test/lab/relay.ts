/** Run on one side of a lab as `node relay.ts <port> <path>`: whoever connects to the Unix socket is put through to the port. */
import { connect, createServer } from 'node:net';

const [port, path] = process.argv.slice(2);

createServer((outside) => {
  const inside = connect(Number(port), '127.0.0.1');
  inside.on('error', () => outside.destroy());
  outside.on('error', () => inside.destroy());
  outside.pipe(inside).pipe(outside);
}).listen(path, () => process.stdout.write('listening\n'));
