/**
 * The look, inside a shadow root: the page's styles stay out and ours stay in. The page changes it by custom properties
 * (--walnut-*) and parts; docs/34-embedding.md lists both.
 */
export const styles = `
:host { display: block; }
.room {
  --accent: var(--walnut-accent, #b32b0a);
  --on-accent: var(--walnut-on-accent, #fff);
  --background: var(--walnut-background, #1c110a);
  --surface: var(--walnut-surface, #fffdf8);
  --text: var(--walnut-text, #24160d);
  --text-2: var(--walnut-text-secondary, #64493a);
  --radius: var(--walnut-radius, 14px);
  container-type: inline-size;
  box-sizing: border-box; max-width: var(--walnut-max-width, 960px); margin: 0 auto;
  color: var(--text); background: var(--surface); border-radius: var(--radius); overflow: hidden;
  font: 15px/1.5 var(--walnut-font, system-ui, -apple-system, "PingFang SC", "Noto Sans SC", sans-serif);
  text-align: start;
}
.room *, .room *::before { box-sizing: border-box; }
[hidden] { display: none !important; }
.stage { position: relative; background: var(--background); aspect-ratio: var(--walnut-ratio, 3 / 4); overflow: hidden; }
.stage[data-landscape] { aspect-ratio: 16 / 9; }
.cover, video { position: absolute; inset: 0; width: 100%; height: 100%; }
.cover { object-fit: cover; opacity: .55; }
video { object-fit: contain; opacity: 0; transition: opacity .2s; }
.stage[data-picture] video { opacity: 1; }
.stage[data-picture] .cover { opacity: .25; filter: blur(18px); transform: scale(1.1); }
.top { position: absolute; inset: 10px 10px auto; display: flex; flex-wrap: wrap; gap: 6px; align-items: center; }
.chip { padding: 2px 10px; border-radius: 99px; background: rgb(0 0 0 / 62%); color: #fff; font-size: 13px; }
.live { background: var(--accent); color: var(--on-accent); font-weight: 600; }
.message { position: absolute; inset: 0; display: grid; place-content: center; justify-items: center; gap: 12px;
  padding: 56px 20px; text-align: center; color: #fff; font-size: 17px; background: rgb(20 12 7 / 45%); pointer-events: none; }
.message > * { pointer-events: auto; }
.message p { margin: 0; max-width: 28em; text-shadow: 0 1px 3px rgb(0 0 0 / 70%); }
button, .button { min-height: 44px; padding: 8px 20px; border: 0; border-radius: 99px; cursor: pointer; font: inherit; font-weight: 600;
  background: var(--accent); color: var(--on-accent); text-decoration: none; text-align: center; display: inline-grid; place-items: center; }
button:focus-visible, a:focus-visible, .log:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; box-shadow: 0 0 0 2px #fff; }
.sound { position: absolute; inset: auto 12px 12px auto; background: rgb(0 0 0 / 68%); color: #fff; }
.side { display: flex; flex-direction: column; gap: 12px; padding: 14px; min-width: 0; }
.room[data-outside] .side { display: none; }
.title { margin: 0; font-size: 17px; font-weight: 650; line-height: 1.35; overflow-wrap: anywhere; }
.store { margin: 2px 0 0; color: var(--text-2); font-size: 13px; }
.card { display: grid; grid-template-columns: 76px minmax(0, 1fr); gap: 4px 12px; align-items: start; padding: 10px;
  border: 1px solid rgb(0 0 0 / 12%); border-radius: var(--radius); }
.card-picture { width: 76px; height: 76px; border-radius: 10px; object-fit: cover; grid-row: span 3; background: rgb(0 0 0 / 5%); }
.card-title { margin: 0; font-size: 15px; font-weight: 600; overflow: hidden; display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 2; }
.card-offer { margin: 0; font-size: 13px; color: var(--accent); font-variant-numeric: tabular-nums; }
.card-price { margin: 0; display: flex; flex-wrap: wrap; gap: 2px 8px; align-items: baseline; }
.price { color: var(--accent); font-size: 21px; font-weight: 700; }
.struck { color: var(--text-2); font-size: 14px; }
.card .button { grid-column: 1 / -1; margin-top: 6px; }
.button[data-off] { background: rgb(0 0 0 / 9%); color: var(--text-2); }
.log { margin: 0; padding: 2px; list-style: none; overflow-y: auto; overscroll-behavior: contain; height: var(--walnut-chat-height, 240px); overflow-wrap: anywhere; }
.line { margin: 0 0 4px; }
.name { color: var(--text-2); }
.role { margin-inline-end: 4px; padding: 0 6px; border-radius: 5px; font-size: 12px; background: var(--accent); color: var(--on-accent); }
.nobody { margin: 0; color: var(--text-2); }
.enter { background: transparent; color: var(--accent); box-shadow: inset 0 0 0 1.5px var(--accent); }
.hint { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
@container (min-width: 640px) {
  .room:not([data-outside]) .layout { display: grid; grid-template-columns: minmax(0, 1.25fr) minmax(260px, 1fr); }
  .stage[data-landscape] { aspect-ratio: auto; min-height: 360px; }
  .log { height: auto; min-height: 160px; max-height: none; }
  .talk { position: relative; flex: 1; min-height: 160px; }
  .talk .log { position: absolute; inset: 0; }
}
@media (prefers-reduced-motion: reduce) { video { transition: none; } }
`;
