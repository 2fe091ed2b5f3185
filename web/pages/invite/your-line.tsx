import type { LineAdvice } from '../../../src/doctor/line.ts';
import { Card } from '../../ui/card.tsx';
import { LineTest } from '../../ui/line-test.tsx';

/** How much this guest's line carries. */
export function YourLine({
  test,
  onAdvice,
  hindrance,
}: {
  readonly test: string;
  readonly onAdvice?: (advice: LineAdvice) => void;
  readonly hindrance?: string | undefined;
}) {
  return (
    <Card title="Your line">
      <LineTest test={test} hindrance={hindrance} {...(onAdvice && { onAdvice })} />
    </Card>
  );
}
