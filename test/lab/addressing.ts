/** Changes the addresses of a lab's sides, as another network would. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { ADDRESSES, type Lab, type Side } from './network.ts';

/** Runs iproute2's `ip` on one side. */
export function ip(lab: Lab, side: Side, ...words: readonly string[]): void {
  const [program, ...inside] = lab.inside(side);
  const { status, stderr } = spawnSync(program!, [...inside, 'ip', ...words], { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
}

/** The client has this IPv4 address from now on, and no other of any family. */
export function moveClient(lab: Lab, address: string): void {
  ip(lab, 'client', '-6', 'addr', 'flush', 'dev', 'lab0');
  ip(lab, 'client', 'addr', 'del', `${ADDRESSES.client.ipv4}/24`, 'dev', 'lab0');
  ip(lab, 'client', 'addr', 'add', `${address}/24`, 'dev', 'lab0');
  ip(lab, 'client', 'route', 'replace', 'default', 'dev', 'lab0');
}
