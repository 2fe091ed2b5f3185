/** What the doctor looks at, and the words that all its checks share. */
import type { Check, CheckCode, CheckState, HealthFacts } from '../api/health.ts';
import type { FindingCode } from '../base/findings.ts';
import { type Advice, adviceFor } from './advice.ts';

/** What was agreed on, as with an invite: undefined where nothing was. */
export type Wish = {
  readonly videoBps: number | undefined;
  readonly width: number | undefined;
  readonly height: number | undefined;
  readonly fps: number | undefined;
};

/** One publisher, looked at once. */
export type Subject = {
  readonly facts: HealthFacts;
  readonly wish: Wish | undefined;
  /** Findings that last. */
  readonly findings: ReadonlySet<FindingCode>;
};

/** Makes one item of the list. */
export function item(
  code: CheckCode,
  state: CheckState,
  sentence: string,
  remedy: string | undefined = undefined,
): Check {
  return { code, state, sentence, remedy: remedy ?? null };
}

/** The same, with the remedy for the publisher's own program. */
export function advised(
  { facts }: Subject,
  code: CheckCode,
  found: {
    readonly state: 'warning' | 'problem';
    readonly sentence: string;
    readonly advice: Advice;
  },
): Check {
  return item(code, found.state, found.sentence, adviceFor(found.advice, facts));
}

/** `2.5 Mbit/s`, `160 kbit/s`. */
export function bitrate(bps: number): string {
  return bps >= 1e6 ? `${(bps / 1e6).toFixed(1)} Mbit/s` : `${Math.round(bps / 1000)} kbit/s`;
}

/** `1`, `2.5`. */
export function seconds(ms: number): string {
  return (ms / 1000).toFixed(1).replace('.0', '');
}

/** `29.97`, `30`. */
export function rate(perSecond: number): string {
  return String(Math.round(perSecond * 10) / 10);
}

/** Below full scale, with a minus sign that is one. */
export function decibels(db: number): string {
  return `${String(Math.round(db)).replace('-', '\u2212')} dB`;
}

/** Of a share from 0 to 1. */
export function percent(share: number): string {
  return `${(share * 100).toFixed(1).replace('.0', '')} %`;
}
