/** A plan in words: the same in the terminal and on the page. */
import type { Plan, PlanInput } from './plan.ts';

/** What each figure is called, and how it is written. */
export type Row = readonly [name: string, value: string];

export function rowsOf(result: Plan, input: PlanInput): Row[] {
  const { streams, allowanceShare, linkShare, pricePerMonth } = result;
  const ofLine = linkShare === undefined ? '' : `, ${percent(linkShare)} of the line`;
  const ofAllowance =
    allowanceShare === undefined ? '' : `, ${percent(allowanceShare)} of the allowance`;
  const onWire = `about ${result.gbPerMonthOnWire.toFixed(0)} GB with packet headers`;
  return [
    ['streams', `${streams.incoming} in, ${streams.outgoing} out`],
    ['coming in', `${result.incomingMbps.toFixed(2)} Mbit/s`],
    ['going out', `${result.outgoingMbps.toFixed(2)} Mbit/s${ofLine}`],
    ['an hour', `${result.gbPerHour.toFixed(2)} GB`],
    ['a day', `${result.gbPerDay.toFixed(1)} GB in ${input.hoursPerDay} hours`],
    [
      'a month',
      `${result.gbPerMonth.toFixed(0)} GB on ${input.daysPerMonth} days, ${onWire}${ofAllowance}`,
    ],
    ...(pricePerMonth === undefined
      ? []
      : [['price', `${pricePerMonth.toFixed(2)} a month`] as const]),
    ['processor', `about ${percent(result.cores)} of one core, as our benchmark measured`],
  ];
}

function percent(part: number): string {
  return `${Math.round(100 * part)} %`;
}
