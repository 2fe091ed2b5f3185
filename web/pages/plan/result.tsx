import { type Plan, plan } from '../../../src/planner/plan.ts';
import { rowsOf } from '../../../src/planner/words.ts';
import { Card, Facts, Notice } from '../../ui/card.tsx';
import { CopyField } from '../../ui/copy-field.tsx';
import { Meter } from '../../ui/meter.tsx';
import { commandOf, type Form, inputOf, mistakesIn } from './form.ts';

/** Near the end, a surprise is enough to go beyond it. */
const TIGHT = 0.8;

/** The plan in the words of `millrace plan`. */
export function Result({ form }: { readonly form: Form }) {
  const isWhole = Object.keys(mistakesIn(form)).length === 0;
  const input = inputOf(form);
  const result = isWhole ? plan(input) : undefined;
  const command = isWhole ? commandOf(form) : undefined;
  return (
    <div class="plan-result">
      <Card title="What it takes">
        {result === undefined ? (
          <p class="soft">Correct the marked numbers first.</p>
        ) : (
          <>
            {/* Said again when it changes, once whoever types has paused. */}
            <div role="status" class="plan-warnings">
              {result.warnings.map((warning) => (
                <Notice key={warning} tone="warning">
                  {warning}
                </Notice>
              ))}
              {result.warnings.length === 0 && <Fits result={result} />}
            </div>
            <Shares result={result} cores={input.offer.cores} />
            <Facts of={rowsOf(result, input).map(([name, value]) => [capital(name), value])} />
          </>
        )}
        {command !== undefined && <CopyField label="The same in the terminal" value={command} />}
      </Card>
    </div>
  );
}

/** Nothing is said to fit that was not held against anything. */
function Fits({ result: { allowanceShare, linkShare } }: { readonly result: Plan }) {
  if (allowanceShare === undefined && linkShare === undefined) return null;
  return <Notice tone="good">It fits what the host offers.</Notice>;
}

function Shares({ result, cores }: { readonly result: Plan; readonly cores: number | undefined }) {
  const shares: readonly (readonly [label: string, share: number | undefined])[] = [
    ['Of the month’s transit', result.allowanceShare],
    ['Of the line', result.linkShare],
    ['Of the processor', cores === undefined || cores <= 0 ? undefined : result.cores / cores],
  ];
  return (
    <>
      {shares.map(
        ([label, share]) =>
          share !== undefined && (
            <Meter
              key={label}
              label={label}
              value={share}
              max={1}
              text={`${Math.round(share * 100)} %`}
              tone={toneOf(share)}
            />
          ),
      )}
    </>
  );
}

function toneOf(share: number): 'good' | 'warning' | 'error' {
  if (share > 1) return 'error';
  return share > TIGHT ? 'warning' : 'good';
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
