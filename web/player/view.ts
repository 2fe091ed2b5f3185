import type { Card, PlayerState } from './cards.ts';
import { icons } from './icons.ts';
import styles from './player.css?inline';
import { Poster } from './poster.ts';
import { type PlayerStats, qualityOf, statsRows } from './stats-text.ts';

/** All that is to be seen; the view shows it and decides nothing. */
export type ViewModel = {
  readonly state: PlayerState;
  readonly card: Card | undefined;
  /** How long it has been so. */
  readonly gone: string | undefined;
  readonly isPlaying: boolean;
  readonly label: string;
  readonly trouble: string | undefined;
  readonly autoMuted: boolean;
  readonly muted: boolean;
  readonly volume: number;
  readonly showsControls: boolean;
  readonly showsCards: boolean;
  readonly showsStats: boolean;
  readonly isFullScreen: boolean;
  readonly isPip: boolean;
  readonly stats: PlayerStats | undefined;
};

export type ViewAction = 'play' | 'toggle-play' | 'unmute' | ViewToggle;
type ViewToggle = 'toggle-mute' | 'toggle-stats' | 'toggle-pip' | 'toggle-full-screen';

export type ViewListeners = {
  readonly action: (action: ViewAction) => void;
  /** 0 to 1. */
  readonly volume: (volume: number) => void;
};

/** Controls leave the picture when nobody has moved for so long. */
const IDLE_MS = 2_800;
const PERCENT = 100;
const VOLUME_STEP_PERCENT = 5;

const TEMPLATE = `
<div class="frame" part="frame" tabindex="0" role="region" data-state="idle">
  <video part="video" playsinline tabindex="-1"></video>
  <canvas class="still" hidden aria-hidden="true"></canvas>
  <img class="poster" alt="" hidden>
  <video class="poster moving" playsinline muted preload="auto" tabindex="-1" aria-hidden="true" hidden></video>
  <div class="veil"></div>
  <div class="card" part="card" hidden>
    <div class="mark" aria-hidden="true"></div>
    <p class="title"></p>
    <p class="text"></p>
    <p class="gone" aria-hidden="true" hidden></p>
    <button class="retry" type="button" data-action="play"></button>
  </div>
  <button class="big-play" type="button" data-action="play" hidden>${icons.play}</button>
  <button class="unmute" part="unmute" type="button" data-action="unmute" hidden>${icons.muted}<span>Turn sound on</span></button>
  <div class="top">
    <span class="badge live" hidden>Live</span>
    <span class="label" part="label"></span>
    <span class="spring"></span>
    <span class="badge trouble" hidden></span>
    <span class="badge quality" hidden></span>
    <slot name="top"></slot>
  </div>
  <dl class="stats" part="stats" aria-label="Statistics" hidden></dl>
  <div class="bar" part="controls" role="group" aria-label="Player controls">
    <button type="button" data-action="toggle-play" data-icons="pause play"></button>
    <button type="button" data-action="toggle-mute" data-icons="sound muted" aria-label="Mute" title="Mute (m)"></button>
    <input class="volume" type="range" min="0" max="${PERCENT}" step="${VOLUME_STEP_PERCENT}" aria-label="Volume">
    <span class="spring"></span>
    <button type="button" data-action="toggle-stats" aria-label="Statistics" title="Statistics (i)">${icons.stats}</button>
    <button type="button" data-action="toggle-pip" aria-label="Picture in picture" title="Picture in picture (p)">${icons.pip}</button>
    <button type="button" data-action="toggle-full-screen"></button>
  </div>
  <p class="spoken" role="status" aria-live="polite"></p>
</div>`;

/** Parsed once for all players of a page. */
let sheet: CSSStyleSheet | undefined;

/** The player's shadow tree. */
export class PlayerView {
  readonly frame: HTMLElement;
  readonly video: HTMLVideoElement;
  readonly still: HTMLCanvasElement;
  readonly poster: Poster;
  readonly #root: ShadowRoot;
  readonly #listeners: ViewListeners;
  #idleTimer: number | undefined;
  #spoken = '';

  constructor(root: ShadowRoot, listeners: ViewListeners) {
    this.#root = root;
    this.#listeners = listeners;
    if (sheet === undefined) {
      // A constructed sheet, since a page's Content-Security-Policy may forbid <style>.
      sheet = new CSSStyleSheet();
      sheet.replaceSync(styles);
    }
    root.adoptedStyleSheets = [sheet];
    const template = document.createElement('template');
    template.innerHTML = TEMPLATE;
    root.append(template.content);
    this.frame = this.#get('.frame');
    this.video = this.#get('video:not(.poster)');
    this.still = this.#get('.still');
    this.poster = new Poster(this.#get('img.poster'), this.#get('video.poster'));
    this.#listen();
  }

  /** Which features this browser has; the others' buttons go. */
  offer(features: { readonly pip: boolean; readonly fullScreen: boolean }): void {
    this.#get('[data-action="toggle-pip"]').hidden = !features.pip;
    this.#get('[data-action="toggle-full-screen"]').hidden = !features.fullScreen;
  }

  render(model: ViewModel): void {
    const { frame } = this;
    const { isPlaying } = model;
    const name = model.label === '' ? 'Live video' : `Live video: ${model.label}`;
    frame.dataset['state'] = model.state;
    frame.setAttribute('aria-label', name);
    frame.classList.toggle('bare', !model.showsControls);
    frame.classList.toggle('playing', isPlaying);
    this.video.setAttribute('aria-label', name);
    this.#renderCard(model.showsCards ? model.card : undefined);
    this.#text('.gone', model.gone ?? '');
    this.#show('.gone', model.gone !== undefined);
    this.#renderTop(model, isPlaying);
    this.#renderBar(model);
    this.#show('.unmute', model.autoMuted && isPlaying && model.showsCards);
    this.#renderStats(model);
    this.#speak(model);
  }

  /** Something moved: shows the controls, for a while. */
  wake(): void {
    this.frame.classList.remove('resting');
    window.clearTimeout(this.#idleTimer);
    this.#idleTimer = window.setTimeout(() => this.#rest(), IDLE_MS);
  }

  #rest(): void {
    // Whoever steers by keyboard must see where they are.
    if (this.#root.querySelector('.bar :focus-visible') !== null) return;
    this.frame.classList.add('resting');
  }

  #renderCard(card: Card | undefined): void {
    const element = this.#get('.card');
    element.hidden = card === undefined;
    this.#show('.big-play', card?.look === 'play');
    if (card === undefined) return;
    element.dataset['look'] = card.look;
    const mark = this.#get('.mark');
    if (mark.dataset['look'] !== card.look) {
      mark.dataset['look'] = card.look;
      mark.innerHTML = card.look === 'busy' || card.look === 'play' ? '' : icons[card.look];
    }
    this.#text('.title', card.title);
    this.#text('.text', card.text);
    this.#text('.retry', card.action ?? '');
    this.#show('.retry', card.action !== undefined && card.look !== 'play');
    this.#get('.big-play').setAttribute('aria-label', card.action ?? 'Play');
  }

  #renderTop(model: ViewModel, isPlaying: boolean): void {
    this.#text('.label', model.label);
    this.#show('.badge.live', isPlaying);
    this.#text('.trouble', model.trouble ?? '');
    this.#show('.trouble', isPlaying && model.trouble !== undefined);
    const quality = qualityOf(model.stats);
    this.#text('.quality', quality ?? '');
    this.#show('.quality', isPlaying && quality !== undefined);
  }

  #renderBar(model: ViewModel): void {
    const stopped = ['paused', 'ended', 'idle', 'error'].includes(model.state);
    this.#button('toggle-play', stopped ? 'play' : 'pause', stopped ? 'Play (k)' : 'Pause (k)');
    const silent = model.muted || model.volume === 0;
    this.#button('toggle-mute', silent ? 'muted' : 'sound');
    this.#press('toggle-mute', model.muted);
    this.#press('toggle-stats', model.showsStats);
    this.#press('toggle-pip', model.isPip);
    this.#button(
      'toggle-full-screen',
      model.isFullScreen ? 'exitFullScreen' : 'fullScreen',
      model.isFullScreen ? 'Leave full screen (f)' : 'Full screen (f)',
    );
    const slider = this.#get<HTMLInputElement>('.volume');
    const percent = Math.round((model.muted ? 0 : model.volume) * PERCENT);
    if (slider.valueAsNumber !== percent) slider.valueAsNumber = percent;
    slider.setAttribute('aria-valuetext', model.muted ? 'Muted' : `${percent} percent`);
    slider.style.setProperty('--filled', `${percent}%`);
  }

  #renderStats(model: ViewModel): void {
    const list = this.#get('.stats');
    list.hidden = !model.showsStats;
    if (list.hidden) return;
    const rows = model.stats === undefined ? [] : statsRows(model.stats);
    list.replaceChildren(
      ...rows.flatMap(([label, value]) => [textElement('dt', label), textElement('dd', value)]),
    );
    if (rows.length === 0) list.append(textElement('dt', 'No connection yet.'));
  }

  /** Tells a screen reader what changed, once and when it has time. */
  #speak(model: ViewModel): void {
    const playing = model.autoMuted ? 'Playing without sound' : 'Playing live';
    const text = model.card
      ? [model.card.title, model.card.text].join(' ').trim()
      : (model.trouble ?? playing);
    if (text === this.#spoken) return;
    this.#spoken = text;
    this.#text('.spoken', text);
  }

  #button(action: ViewAction, icon: keyof typeof icons, label?: string): void {
    const button = this.#get(`[data-action="${action}"]`);
    if (button.dataset['icon'] !== icon) {
      button.dataset['icon'] = icon;
      button.innerHTML = icons[icon];
    }
    if (label === undefined) return;
    button.title = label;
    button.setAttribute('aria-label', label.replace(/ \(.\)$/, ''));
  }

  #press(action: ViewAction, isPressed: boolean): void {
    this.#get(`.bar [data-action="${action}"]`).setAttribute('aria-pressed', `${isPressed}`);
  }

  #text(selector: string, text: string): void {
    const element = this.#get(selector);
    if (element.textContent !== text) element.textContent = text;
  }

  #show(selector: string, isShown: boolean): void {
    this.#get(selector).hidden = !isShown;
  }

  #listen(): void {
    this.#root.addEventListener('click', (event) => {
      const button = (event.target as Element).closest<HTMLElement>('[data-action]');
      if (button) this.#listeners.action(button.dataset['action'] as ViewAction);
    });
    const slider = this.#get<HTMLInputElement>('.volume');
    slider.addEventListener('input', () => this.#listeners.volume(slider.valueAsNumber / PERCENT));
    for (const type of ['pointermove', 'pointerdown', 'keydown', 'focusin']) {
      this.frame.addEventListener(type, () => this.wake(), { passive: true });
    }
    this.frame.addEventListener('pointerleave', (event) => {
      if (event.pointerType === 'mouse') this.#rest();
    });
    this.video.addEventListener('dblclick', () => this.#listeners.action('toggle-full-screen'));
  }

  #get<T extends HTMLElement = HTMLElement>(selector: string): T {
    return this.#root.querySelector<T>(selector)!;
  }
}

function textElement(name: string, text: string): HTMLElement {
  const element = document.createElement(name);
  element.textContent = text;
  return element;
}
