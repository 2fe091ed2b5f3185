import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CpuLook, cpuShare, Machine, memoryNow } from './machine.ts';

const look = (atMs: number, processMs: number, busyMs: number, totalMs: number): CpuLook => ({
  atMs,
  processMs,
  machine: { busyMs, totalMs },
});

test('shares are of all cores, between two looks', () => {
  assert.deepEqual(cpuShare(look(0, 100, 0, 0), look(1000, 600, 1500, 2000), 2), {
    cores: 2,
    machineShare: 0.75,
    processShare: 0.25,
  });
});

test('a system that does not tell is no division by nothing', () => {
  const silent: CpuLook = { atMs: 0, processMs: 0, machine: undefined };
  assert.equal(cpuShare(silent, { ...silent, atMs: 5 }, 2).machineShare, null);
  assert.equal(cpuShare(look(0, 0, 5, 5), look(0, 0, 5, 5), 2).machineShare, null);
  assert.equal(cpuShare(look(0, 0, 0, 0), look(0, 50, 0, 0), 2).processShare, 1);
});

test('this machine can be asked', async () => {
  const machine = new Machine();
  const [first, second] = [await machine.cpu(), await machine.cpu()];
  assert.ok(first.cores >= 1);
  assert.ok(second.processShare !== null && second.processShare >= 0 && second.processShare <= 1);
  const { processBytes, freeBytes, totalBytes } = memoryNow();
  assert.ok(processBytes > 1e6 && processBytes < totalBytes);
  assert.ok(freeBytes > 0 && freeBytes <= totalBytes);
});
