import 'uplot/dist/uPlot.min.css';
import UPlot from 'uplot';
import type { GraphProps } from './graph.tsx';

const HEIGHT_PX = 120;
const AXIS_PX = 76;
const TIME_AXIS_PX = 26;
/** Whole minutes: seconds are not said. */
const TIME_STEPS_S = [60, 120, 300, 600, 1800, 3600];
/** As wide as a time of day in the longest way to write one. */
const TIME_TICK_PX = 90;
/** Lines of the grid are at least so far apart. */
const TICK_PX = 34;
const LINE_PX = 2;
/** So that a line that does not move lies in the middle, and none sticks to the top. */
const HEADROOM = 1.15;

/** One graph on a canvas, in the page's colours and as wide as its place. */
export class Plot {
  readonly #place: HTMLElement;
  readonly #format: (value: number) => string;
  readonly #resizing: ResizeObserver;
  readonly #scheme = matchMedia('(prefers-color-scheme: dark)');
  #shown: GraphProps | undefined;
  #plot: UPlot;

  constructor(place: HTMLElement, format: (value: number) => string) {
    this.#place = place;
    this.#format = format;
    this.#plot = this.#draw();
    this.#resizing = new ResizeObserver(() =>
      this.#plot.setSize({ width: this.#place.clientWidth, height: HEIGHT_PX }),
    );
    this.#resizing.observe(place);
    this.#scheme.addEventListener('change', this.#redraw);
  }

  show(props: GraphProps): void {
    this.#shown = props;
    const { times, values, spanMs } = props;
    const lastMs = times.at(-1) ?? Date.now();
    this.#plot.setData([times.map((ms) => ms / 1000), [...values]], false);
    this.#plot.batch(() => {
      this.#plot.setScale('x', { min: (lastMs - spanMs) / 1000, max: lastMs / 1000 });
      this.#plot.setScale('y', {
        min: 0,
        max: Math.max(...values.map((value) => value ?? 0), 1) * HEADROOM,
      });
    });
  }

  destroy(): void {
    this.#scheme.removeEventListener('change', this.#redraw);
    this.#resizing.disconnect();
    this.#plot.destroy();
  }

  readonly #redraw = (): void => {
    this.#plot.destroy();
    this.#plot = this.#draw();
    if (this.#shown !== undefined) this.show(this.#shown);
  };

  #draw(): UPlot {
    const colour = (name: string) => getComputedStyle(this.#place).getPropertyValue(name).trim();
    const font = `12px ${colour('--font')}`;
    const axis = { stroke: colour('--text-soft'), font, ticks: { show: false } };
    const grid = { stroke: colour('--line'), width: 1 };
    const options: UPlot.Options = {
      width: this.#place.clientWidth,
      height: HEIGHT_PX,
      legend: { show: false },
      cursor: { show: false },
      scales: { x: { time: true }, y: { auto: false } },
      axes: [
        {
          ...{ ...axis, grid: { show: false }, size: TIME_AXIS_PX },
          ...{ incrs: [...TIME_STEPS_S], space: TIME_TICK_PX },
          values: (_, seconds) => seconds.map((at) => clock(at * 1000)),
        },
        {
          ...{ ...axis, grid, size: AXIS_PX, space: TICK_PX },
          values: (_, values) => values.map((value) => (value === 0 ? '0' : this.#format(value))),
        },
      ],
      series: [
        {},
        {
          stroke: colour('--accent'),
          width: LINE_PX,
          fill: colour('--accent-soft'),
          points: { show: false },
        },
      ],
    };
    return new UPlot(options, [[], []], this.#place);
  }
}

function clock(ms: number): string {
  return new Date(ms).toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit' });
}
