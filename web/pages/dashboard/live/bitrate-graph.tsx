import { useEffect, useState } from 'preact/hooks';
import type { StreamHistory } from '../../../../src/api/figures.ts';
import type { StreamInfo } from '../../../../src/api/streams.ts';
import { api } from '../../../parts/api.ts';
import { bitrate } from '../../../parts/words.ts';
import { Graph } from '../../../ui/graph.tsx';
import { fromHistory, linesOf, type Sample, spanOf, wasAway, withSample } from './samples.ts';
import { receivedBps } from './words.ts';

/** What came in over the last minutes: what the server has noted, then what the page sees. */
export function BitrateGraph({ stream }: { readonly stream: StreamInfo }) {
  const { name, publisher } = stream;
  const [samples, setSamples] = useState<readonly Sample[]>([]);
  const [timesAway, setTimesAway] = useState(0);
  useEffect(() => {
    let isWanted = true;
    void api.get<StreamHistory>(`/streams/${name}/history`).then((answer) => {
      if (answer.ok && isWanted) setSamples((list) => fromHistory(answer.value.samples, list));
    });
    return () => {
      isWanted = false;
    };
  }, [name, timesAway]);
  useEffect(() => {
    const sample = { atMs: Date.now(), bps: receivedBps(stream.publisher) };
    if (wasAway(samples, sample.atMs)) setTimesAway((times) => times + 1);
    setSamples((list) => withSample(list, sample));
  }, [stream]);
  const values = samples.map(({ bps }) => bps);
  const now = bitrate(receivedBps(publisher));
  const range = `between ${bitrate(Math.min(...values))} and ${bitrate(Math.max(...values))}`;
  return (
    <div class="stream-graph">
      <p class="small">
        <b>{now}</b> <span class="soft">coming in</span>
      </p>
      {samples.length > 1 && (
        <Graph
          label={`Bit rate of ${name} over the last minutes: now ${now}, ${range}`}
          {...linesOf(samples)}
          format={bitrate}
          spanMs={spanOf(samples)}
        />
      )}
    </div>
  );
}
