import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  checkBbr,
  checkClock,
  checkDisk,
  checkMemory,
  checkNode,
  checkOpenFiles,
  checkSocketBuffers,
} from './machine.ts';

const files = (content: Readonly<Record<string, string>>) => (path: string) => content[path];

const WITH_BBR = { '/proc/sys/net/ipv4/tcp_available_congestion_control': 'reno bbr' };

const cases = [
  { name: 'an old Node', finding: checkNode('20.19.1'), ok: false },
  { name: 'a new Node', finding: checkNode('26.0.0'), ok: true },
  {
    name: 'memory',
    finding: checkMemory(files({ '/proc/meminfo': 'MemAvailable:  900000 kB' })),
    ok: true,
  },
  {
    name: 'little memory',
    finding: checkMemory(files({ '/proc/meminfo': 'MemAvailable:  90000 kB' })),
    ok: false,
  },
  { name: 'no /proc', finding: checkMemory(files({})), ok: true },
  {
    name: 'few open files',
    finding: checkOpenFiles(7, files({ '/proc/7/limits': 'Max open files  1024  524288  files' })),
    ok: false,
  },
  {
    name: 'many open files',
    finding: checkOpenFiles(
      undefined,
      files({ '/proc/self/limits': 'Max open files  65536  65536  files' }),
    ),
    ok: true,
  },
  {
    name: 'small buffers',
    finding: checkSocketBuffers(
      files({ '/proc/sys/net/core/rmem_max': '212992', '/proc/sys/net/core/wmem_max': '8388608' }),
    ),
    ok: false,
  },
  {
    name: 'BBR',
    finding: checkBbr(files(WITH_BBR), true),
    ok: true,
  },
  { name: 'BBR that only root may use', finding: checkBbr(files(WITH_BBR), false), ok: false },
  {
    name: 'BBR for everybody',
    finding: checkBbr(
      files({
        ...WITH_BBR,
        '/proc/sys/net/ipv4/tcp_allowed_congestion_control': 'reno cubic bbr\n',
      }),
      false,
    ),
    ok: true,
  },
  { name: 'no BBR', finding: checkBbr(files({}), true), ok: false },
  { name: 'a clock of long ago', finding: checkClock(0, files({})), ok: false },
  { name: 'a clock', finding: checkClock(Date.now(), files({})), ok: true },
  { name: 'a folder that is not there yet', finding: checkDisk('/nowhere/at/all'), ok: true },
];

for (const { name, finding, ok } of cases) {
  test(`the doctor and ${name}`, () => {
    assert.equal(finding.ok, ok, finding.says);
    assert.equal(finding.remedy === undefined, ok);
  });
}

test('the remedy names what is to be set, and to what', () => {
  const { remedy } = checkSocketBuffers(files({ '/proc/sys/net/core/rmem_max': '1' }));
  assert.match(remedy ?? '', /sysctl -w net\.core\.rmem_max=4194304;/);
});
