import './graph.css';
import { useEffect, useRef } from 'preact/hooks';
import type { Plot } from './graph-plot.ts';

export type GraphProps = {
  /** What it shows, in words, with its figures: it is all that screen readers get. */
  readonly label: string;
  /** Of each value, in ms since 1970, the oldest first. */
  readonly times: readonly number[];
  /** Null where there is none: the line has a gap. */
  readonly values: readonly (number | null)[];
  /** A value as its axis says it. */
  readonly format: (value: number) => string;
  /** What is shown of time, up to the last value. */
  readonly spanMs: number;
};

/** A line over time. What draws it is loaded when there is one to draw. */
export function Graph(props: GraphProps) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<Plot | undefined>(undefined);
  const latest = useRef(props);
  latest.current = props;
  useEffect(() => {
    let isWanted = true;
    void import('./graph-plot.ts').then(({ Plot }) => {
      if (!isWanted || place.current === null) return;
      plot.current = new Plot(place.current, latest.current.format);
      plot.current.show(latest.current);
    });
    return () => {
      isWanted = false;
      plot.current?.destroy();
    };
  }, []);
  useEffect(() => plot.current?.show(latest.current));
  return <div class="ui-graph" role="img" aria-label={props.label} ref={place} />;
}
