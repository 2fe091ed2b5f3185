import './meter.css';
import { useId } from 'preact/hooks';

/** How much of what there is: `text` says it in words, the bar repeats it. */
export function Meter({
  label,
  value,
  max,
  text,
  tone = 'accent',
}: {
  readonly label: string;
  readonly value: number;
  readonly max: number;
  readonly text: string;
  readonly tone?: 'accent' | 'good' | 'warning' | 'error';
}) {
  const id = useId();
  const share = max > 0 ? Math.min(Math.max(value / max, 0), 1) : 0;
  return (
    <div class={`ui-meter ui-meter-${tone}`}>
      <div class="ui-meter-words">
        <span id={id}>{label}</span>
        <span class="soft">{text}</span>
      </div>
      <div
        class="ui-meter-bar"
        role="meter"
        aria-labelledby={id}
        aria-valuemin={0}
        aria-valuemax={max}
        aria-valuenow={Math.min(Math.max(value, 0), max)}
        aria-valuetext={text}
      >
        <div style={{ width: `${share * 100}%` }} />
      </div>
    </div>
  );
}
