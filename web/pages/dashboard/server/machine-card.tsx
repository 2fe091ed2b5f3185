import type { ServerFigures } from '../../../../src/api/figures.ts';
import { bytes, counted, percent } from '../../../parts/words.ts';
import { Card } from '../../../ui/card.tsx';
import { Meter } from '../../../ui/meter.tsx';
import { toneOf } from './egress.ts';

/** Processor, memory and disk. */
export function MachineCard({ figures }: { readonly figures: ServerFigures }) {
  const { cpu, memory, disk } = figures;
  const used = memory.totalBytes - memory.freeBytes;
  return (
    <Card title="The machine">
      <Meter
        label="Processor"
        value={cpu.machineShare ?? cpu.processShare ?? 0}
        max={1}
        text={processorLine(cpu)}
        tone={toneOf(cpu.machineShare ?? 0, 1)}
      />
      <Meter
        label="Memory"
        value={used}
        max={memory.totalBytes}
        text={`${bytes(used)} of ${bytes(memory.totalBytes)}, Millrace ${bytes(memory.processBytes)}`}
        tone={toneOf(used, memory.totalBytes)}
      />
      {disk && (
        <Meter
          label="Disk of the state folder"
          value={disk.totalBytes - disk.freeBytes}
          max={disk.totalBytes}
          text={`${bytes(disk.freeBytes)} free of ${bytes(disk.totalBytes)}`}
          tone={toneOf(disk.totalBytes - disk.freeBytes, disk.totalBytes)}
        />
      )}
    </Card>
  );
}

function processorLine({ cores, machineShare, processShare }: ServerFigures['cpu']): string {
  const own = processShare === null ? '' : `, Millrace ${percent(processShare)}`;
  const all = machineShare === null ? 'unknown' : percent(machineShare);
  return `${all} of ${counted(cores, 'core')}${own}`;
}
