/** The elements of an embedded room. Words of other people become text nodes, nothing is parsed as HTML. */
import { styles } from './styles.ts';

type Attributes = Readonly<Record<string, string>>;

const el = <Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[Name] => {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
};
/** Class and part by one name: what we style the page may style. */
const named = (name: string, more: Attributes = {}): Attributes => ({ class: name, part: name, ...more });

/** Constructed style sheets need no exception of the page's `style-src`; browsers that have none get an element. */
const addStyles = (root: ShadowRoot): void => {
  try {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(styles);
    root.adoptedStyleSheets = [sheet];
  } catch {
    root.append(el('style', {}, styles));
  }
};

export type RoomDom = ReturnType<typeof buildRoom>;

export const buildRoom = (root: ShadowRoot) => {
  root.replaceChildren();
  addStyles(root);
  const video = el('video', {
    ...named('video'),
    playsinline: '',
    autoplay: '',
    muted: '',
    disableremoteplayback: '',
    'webkit-playsinline': 'true',
    'x5-video-player-type': 'h5-page',
    'x5-playsinline': 'true',
  });
  video.muted = true;
  const cover = el('img', { ...named('cover'), alt: '', crossorigin: 'anonymous', hidden: '' });
  const live = el('span', named('live'));
  live.classList.add('chip');
  const viewers = el('span', named('viewers'));
  viewers.classList.add('chip');
  const generated = el('span', named('generated', { hidden: '' }));
  generated.classList.add('chip');
  const status = el('p', named('status', { role: 'status' }));
  const retry = el('button', named('retry', { type: 'button', hidden: '' }));
  const message = el('div', named('message'), status, retry);
  const sound = el('button', named('sound', { type: 'button', hidden: '' }));
  const top = el('div', named('top'), live, viewers, generated);
  const stage = el('div', named('stage'), cover, video, message, top, sound);

  const title = el('h2', named('title'));
  const store = el('p', named('store'));
  const cardPicture = el('img', { ...named('card-picture'), alt: '', crossorigin: 'anonymous' });
  const cardTitle = el('h3', named('card-title'));
  const cardOffer = el('p', named('card-offer'));
  const price = el('span', named('price'));
  const struck = el('s', named('struck', { 'aria-hidden': 'true' }));
  const was = el('span', { class: 'hint' });
  const buy = el('a', named('buy'));
  buy.classList.add('button');
  const card = el(
    'article',
    named('card', { hidden: '' }),
    cardPicture,
    cardTitle,
    cardOffer,
    el('p', { class: 'card-price' }, price, struck, was),
    buy,
  );
  const log = el('ol', named('log', { tabindex: '0' }));
  const nobody = el('p', named('nobody'));
  const talk = el('div', { class: 'talk', role: 'log', 'aria-live': 'polite' }, nobody, log);
  const enter = el('a', named('enter'));
  enter.classList.add('button');
  const side = el('div', named('side'), el('header', {}, title, store), card, talk, enter);
  const room = el('section', named('room'), el('div', { class: 'layout' }, stage, side));
  root.append(room);
  return {
    ...{ room, stage, video, cover, live, viewers, generated, status, message, retry, sound, title, store },
    ...{ card, cardPicture, cardTitle, cardOffer, price, struck, was, buy, talk, log, nobody, enter },
  };
};

/** A line of the chat; its words as text. */
export const chatLine = (line: { name: string; roleText: string | null; text: string }): HTMLLIElement =>
  el(
    'li',
    named('line'),
    ...(line.roleText === null ? [] : [el('span', named('role'), line.roleText)]),
    el('span', named('name'), `${line.name} `),
    el('span', named('words'), line.text),
  );
