import { type MountedRoom, type MountRoomOptions, mountInto } from './mount-room.ts';

/** The name of the element. */
export const ELEMENT_NAME = 'walnut-live-room';
const OBSERVED = ['room', 'origin', 'lang', 'share', 'target', 'remember'] as const;

export interface DefineOptions {
  /** Where elements without an `origin` look. */
  origin?: string | undefined;
  /** For tests. */
  mount?: Pick<MountRoomOptions, 'fetch' | 'createPlayback'> | undefined;
}

/**
 * Makes `<walnut-live-room room="…" origin="…" lang="zh-CN|en" share="…" target="_blank|_self"
 * remember="browser|page">` known, once. It leaves the room
 * when it leaves the page, and enters anew when one of these attributes changes. Tells `walnut:state` (an EmbedState) and
 * `walnut:event` (an EmbedEvent) as CustomEvents, and `walnut:error` when its attributes name no room.
 */
export const defineWalnutLiveRoom = (options: DefineOptions = {}): void => {
  if (customElements.get(ELEMENT_NAME)) return;

  // A class, since a custom element can be nothing else.
  class WalnutLiveRoom extends HTMLElement {
    static readonly observedAttributes = OBSERVED;
    readonly #root = this.attachShadow({ mode: 'open' });
    #mounted: MountedRoom | null = null;
    #planned = false;

    connectedCallback(): void {
      this.#plan();
    }
    disconnectedCallback(): void {
      this.#plan();
    }
    attributeChangedCallback(_name: string, before: string | null, now: string | null): void {
      if (before !== now) this.#plan();
    }
    /** Several changes of one moment (a framework sets them one by one, or moves the element) are one. */
    #plan(): void {
      if (this.#planned) return;
      this.#planned = true;
      queueMicrotask(() => {
        this.#planned = false;
        this.#begin();
      });
    }
    #tell(name: string, detail: unknown): void {
      this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
    }
    #begin(): void {
      this.#mounted?.close();
      this.#mounted = null;
      const roomId = this.getAttribute('room') ?? '';
      if (!this.isConnected || roomId === '') return;
      try {
        this.#mounted = mountInto(this.#root, {
          ...options.mount,
          roomId,
          origin: this.getAttribute('origin') || (options.origin ?? ''),
          lang: this.getAttribute('lang') ?? undefined,
          shareToken: this.getAttribute('share') || undefined,
          target: this.getAttribute('target') === '_self' ? '_self' : '_blank',
          remember: this.getAttribute('remember') === 'page' ? 'page' : 'browser',
          onState: (state) => this.#tell('walnut:state', state),
          onEvent: (event) => this.#tell('walnut:event', event),
        });
      } catch (error) {
        this.#tell('walnut:error', error);
        console.warn('walnut-live:', error);
      }
    }
  }
  customElements.define(ELEMENT_NAME, WalnutLiveRoom);
};
