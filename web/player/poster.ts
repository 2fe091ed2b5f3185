/**
 * The picture for the time before the first frame. What the server makes of a keyframe is a WebP, an AVIF, or where no picture
 * format has the codec a video of one frame: whichever of the two elements takes it shows it.
 */
export class Poster {
  readonly #image: HTMLImageElement;
  readonly #film: HTMLVideoElement;
  #src = '';
  #isShown = false;

  constructor(image: HTMLImageElement, film: HTMLVideoElement) {
    this.#image = image;
    this.#film = film;
    // Without it iPhones show nothing of a video that does not play.
    film.muted = true;
    image.addEventListener('error', () => this.#tryFilm());
    film.addEventListener('error', () => this.#render());
    film.addEventListener('loadeddata', () => this.#render());
    image.addEventListener('load', () => this.#render());
  }

  get src(): string {
    return this.#src;
  }

  set src(src: string) {
    if (src === this.#src) return;
    this.#src = src;
    this.#film.removeAttribute('src');
    if (src === '') this.#image.removeAttribute('src');
    else this.#image.src = src;
    this.#render();
  }

  show(isShown: boolean): void {
    this.#isShown = isShown;
    this.#render();
  }

  #tryFilm(): void {
    if (this.#src === '') return;
    // A little into it: Safari paints what it has sought to.
    this.#film.src = `${this.#src}#t=0.001`;
    this.#render();
  }

  #render(): void {
    this.#image.hidden = !this.#isShown || this.#image.naturalWidth === 0;
    this.#film.hidden =
      !this.#isShown || this.#film.readyState < HTMLMediaElement.HAVE_CURRENT_DATA;
  }
}
