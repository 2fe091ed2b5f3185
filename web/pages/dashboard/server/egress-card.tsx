import type { ServerFigures } from '../../../../src/api/figures.ts';
import { bitrate, bytes, percent } from '../../../parts/words.ts';
import { Card, Facts } from '../../../ui/card.tsx';
import { Meter } from '../../../ui/meter.tsx';
import { type Bar, barsOf, lastMonthBytes, toneOf } from './egress.ts';

type Egress = ServerFigures['egress'];

/** What goes out to viewers: it is the bill. */
export function EgressCard({ egress }: { readonly egress: Egress }) {
  const { nowBps, limitBps, monthBytes, monthLimitBytes, days } = egress;
  const nowIso = new Date().toISOString();
  return (
    <Card
      title="Going out to viewers"
      lead="Pictures and sound alone; packet headers add some 6 % to it on the bill."
    >
      {limitBps === null ? (
        <Facts of={[['Now', bitrate(nowBps)]]} />
      ) : (
        <Meter
          label="Now"
          value={nowBps}
          max={limitBps}
          text={`${bitrate(nowBps)} of ${bitrate(limitBps)}`}
          tone={toneOf(nowBps, limitBps)}
        />
      )}
      {monthLimitBytes === null ? (
        <Facts of={[['This month', bytes(monthBytes)]]} />
      ) : (
        <Meter
          label="This month"
          value={monthBytes}
          max={monthLimitBytes}
          text={`${bytes(monthBytes)} of ${bytes(monthLimitBytes)}, ${percent(monthBytes / monthLimitBytes)}`}
          tone={toneOf(monthBytes, monthLimitBytes)}
        />
      )}
      <Facts of={[['Last month', bytes(lastMonthBytes(days, nowIso))]]} />
      <Days bars={barsOf(days, nowIso)} />
      {monthLimitBytes === null && (
        <p class="small soft">
          Does your contract allow so much a month? Set <code>limits.egress_per_month</code> in the
          configuration, such as <code>20T</code>, to see here how much of it is used.
        </p>
      )}
    </Card>
  );
}

/** A bar for each of the last days. */
function Days({ bars }: { readonly bars: readonly Bar[] }) {
  const most = Math.max(...bars.map((bar) => bar.bytes));
  if (most === 0) return null;
  return (
    <figure class="days">
      <svg
        viewBox={`0 0 ${bars.length} 1`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`Bytes by days: ${bars.map(({ day, bytes: sum }) => `${day} ${bytes(sum)}`).join(', ')}`}
      >
        {bars.map(({ day, bytes: sum }, at) => (
          <rect key={day} x={at + 0.1} y={1 - sum / most} width={0.8} height={sum / most} />
        ))}
      </svg>
      <figcaption class="small soft">
        <span>{bars[0]?.day}</span>
        <span>most: {bytes(most)} a day</span>
        <span>{bars.at(-1)?.day}</span>
      </figcaption>
    </figure>
  );
}
