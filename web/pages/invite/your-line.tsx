import type { LineAdvice } from '../../../src/doctor/line.ts';
import { Card } from '../../ui/card.tsx';
import { LineTest } from '../../ui/line-test.tsx';
import { broadcast } from './browser/studio.ts';

/** How much this guest's line carries. */
export function YourLine({
  test,
  onAdvice,
}: {
  readonly test: string;
  readonly onAdvice?: (advice: LineAdvice) => void;
}) {
  const isSending = broadcast.mode.value !== 'off';
  return (
    <Card title="Your line">
      <LineTest
        test={test}
        hindrance={isSending ? WHILE_SENDING : undefined}
        {...(onAdvice && { onAdvice })}
      />
    </Card>
  );
}

const WHILE_SENDING = 'Not while you send: it would take the line from your picture.';
