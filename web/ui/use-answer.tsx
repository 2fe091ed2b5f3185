import './use-answer.css';
import type { ComponentChildren } from 'preact';
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import type { Answer, Failure } from '../parts/api.ts';
import { goToSignIn } from '../parts/session.ts';
import { Button } from './button.tsx';
import { Notice } from './card.tsx';

export type Asked<Value> = {
  /** The last good answer; undefined before the first. It stays while it is asked anew, or when that fails. */
  readonly value: Value | undefined;
  /** Why the last one was none. */
  readonly failure: Failure | undefined;
  /** Asks anew; what was asked before is ignored from then on. */
  readonly reload: () => void;
};

/** Asks when the component appears, when `inputs` change, and when told. */
export function useAnswer<Value>(
  ask: () => Promise<Answer<Value>>,
  inputs: readonly unknown[] = [],
): Asked<Value> {
  const [value, setValue] = useState<Value | undefined>(undefined);
  const [failure, setFailure] = useState<Failure | undefined>(undefined);
  const turn = useRef(0);
  // What the question depends on, the caller says.
  const reload = useCallback(() => {
    turn.current += 1;
    const mine = turn.current;
    void ask().then((answer) => {
      if (mine !== turn.current) return;
      setFailure(answer.ok ? undefined : answer);
      if (answer.ok) setValue(answer.value);
    });
  }, inputs);
  useEffect(() => {
    reload();
    return () => {
      turn.current += 1;
    };
  }, [reload]);
  return { value, failure, reload };
}

/** What was asked for, or why it is not there, or that it is on its way. */
export function Loaded<Value>({
  asked,
  children,
}: {
  readonly asked: Asked<Value>;
  readonly children: (value: Value) => ComponentChildren;
}) {
  const { value, failure, reload } = asked;
  return (
    <>
      {failure && (
        <div class={value === undefined ? undefined : 'ui-stays'}>
          <Notice tone="error" action={<WayOut failure={failure} reload={reload} />}>
            {failure.message}
          </Notice>
        </div>
      )}
      {value === undefined
        ? failure === undefined && <p class="soft ui-loading">One moment …</p>
        : children(value)}
    </>
  );
}

/** A session may have ended meanwhile, here or by somebody who signed out everywhere. */
function WayOut({ failure, reload }: { readonly failure: Failure; readonly reload: () => void }) {
  if (failure.reason === 'sign-in-needed') return <Button onClick={goToSignIn}>Sign in</Button>;
  return <Button onClick={reload}>Try again</Button>;
}
