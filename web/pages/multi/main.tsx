/** The page `/app`, and `/multi?stream=…&stream=…`: several streams at once. */
import '../../player/index.ts';
import { render } from 'preact';
import type { GridFacts } from '../../../src/api/watch.ts';
import { LiveTiles, pollApp } from '../../parts/watch/app-poll.ts';
import { readFacts } from '../../parts/watch/facts.ts';
import { othersOf } from '../../parts/watch/parameters.ts';
import { MultiView } from './multi-view.tsx';
import { show, unreachable } from './state.ts';

const facts: GridFacts = readFacts<GridFacts>('streams') ?? {
  ...{ app: undefined, streams: [], isOpen: true },
};
const query = othersOf(location.search, ['stream', 'app']);

const live = new LiveTiles();
show(facts.app === undefined ? facts.streams : live.update(facts.streams, performance.now()));
if (facts.app !== undefined) {
  pollApp(facts.app, query, (answer) => {
    unreachable.value = answer === 'unreachable';
    if (answer !== 'unreachable') show(live.update(answer, performance.now()));
  });
}
render(<MultiView {...facts} query={query} />, document.getElementById('page') as HTMLElement);
