import { useEffect, useState } from 'preact/hooks';

/** Keyframes come each second or two, and the server makes a picture each 4 s: this is to recognise a stream, not to watch it. */
const REFRESH_MS = 10_000;
/** What the server gives as a picture; of all other codecs it gives a video of one frame, which needs no decoder of its own. */
const PICTURES: ReadonlySet<string> = new Set(['vp8', 'av1']);

type Props = { readonly name: string; readonly codec: string };

/** A stream's newest keyframe, some seconds old: no viewer, and next to no traffic. */
export function Still({ name, codec }: Props) {
  const [shown, setShown] = useState<number | undefined>(undefined);
  const wanted = useTurn();
  // The one before stays until the new one is there, so that nothing flickers.
  const turns = shown === undefined || shown === wanted ? [wanted] : [shown, wanted];
  return (
    <div class="still" role="img" aria-label={`Picture of ${name}, some seconds old`}>
      {turns.map((turn) => {
        const src = `/api/streams/${name}/snapshot?turn=${turn}`;
        const ready = () => setShown(turn);
        return PICTURES.has(codec) ? (
          <img key={turn} src={src} alt="" onLoad={ready} />
        ) : (
          <video
            key={turn}
            src={src}
            muted
            playsInline
            preload="auto"
            tabIndex={-1}
            onLoadedData={ready}
          />
        );
      })}
    </div>
  );
}

/** Another number whenever it is time for another picture, and somebody looks. */
function useTurn(): number {
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible') setTurn((last) => last + 1);
    }, REFRESH_MS);
    return () => clearInterval(timer);
  }, []);
  return turn;
}
