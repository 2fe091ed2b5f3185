/** What buttons do: ask before it hurts, do it, say what came of it. */
import type { Answer } from '../parts/api.ts';
import { confirm } from './dialog.tsx';
import { toast } from './toasts.tsx';

/** Says what was done, or why not. @returns whether it was */
export async function tell(asked: Promise<Answer<unknown>>, done: string): Promise<boolean> {
  const answer = await asked;
  toast(answer.ok ? done : answer.message, answer.ok ? 'good' : 'error');
  return answer.ok;
}

export type Hurting = Parameters<typeof confirm>[0] & {
  readonly ask: () => Promise<Answer<unknown>>;
  readonly done: string;
};

/**
 * The same for what cannot be taken back.
 * @returns whether it was tried: what is shown may be out of date then, also where somebody else was faster
 */
export async function confirmAndTell({ ask, done, ...question }: Hurting): Promise<boolean> {
  if (!(await confirm(question))) return false;
  await tell(ask(), done);
  return true;
}
