/** What whoever guesses is told, wherever it is a password that they guess. */
import type { Problem } from '../problem.ts';

/** One sentence for both: it is not told which names there are. */
export const WRONG_PASSWORD: Problem = {
  status: 401,
  reason: 'wrong-password',
  detail: 'The name or the password is wrong.',
};

export function tooManyAttempts(waitS: number): Problem {
  return {
    status: 429,
    reason: 'too-many-attempts',
    detail: `Too many attempts. Try again in ${waitS} s.`,
    headers: { 'Retry-After': String(waitS), 'Cache-Control': 'no-store' },
  };
}
