import { useEffect, useState } from 'preact/hooks';

/** A tab that is only switched through need not let go of everything. */
const HIDDEN_MS = 3_000;
/** Scrolled to a little early: it plays when it is there. */
const MARGIN = '120px';

/** Whether a tile has to play: it is in view, or it is heard. */
export function useInView(place: { readonly current: Element | null }, isHeard: boolean): boolean {
  const [isSeen, setSeen] = useState(false);
  const [isOpen, setOpen] = useState(document.visibilityState === 'visible');
  useEffect(() => {
    const observer = new IntersectionObserver(
      (entries) => setSeen(entries.at(-1)?.isIntersecting === true),
      { rootMargin: MARGIN },
    );
    if (place.current !== null) observer.observe(place.current);
    return () => observer.disconnect();
  }, []);
  useEffect(() => {
    let timer: number | undefined;
    const look = (): void => {
      window.clearTimeout(timer);
      if (document.visibilityState === 'visible') setOpen(true);
      else timer = window.setTimeout(() => setOpen(false), HIDDEN_MS);
    };
    document.addEventListener('visibilitychange', look);
    return () => {
      window.clearTimeout(timer);
      document.removeEventListener('visibilitychange', look);
    };
  }, []);
  return isHeard || (isSeen && isOpen);
}
