/** A script-free index of the API for people; the machine-readable document is `/api/v1/openapi.json`. */
import { type Route, routes } from '@walnut-live/contracts';
import { accessText } from './openapi.ts';

const escapeHtml = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

const row = (
  route: Route,
) => `<tr id="${route.id}"><td><span class="method ${route.method.toLowerCase()}">${route.method}</span></td>
<td><code>${escapeHtml((route.base ?? '/api/v1') + route.path)}</code></td><td>${escapeHtml(route.summary)}</td>
<td>${escapeHtml(accessText(route))}${route.idempotent ? '<br><b>Idempotency-Key</b>' : ''}</td></tr>`;

export function docsPage(): string {
  const tags = [...new Set(routes.map((route) => route.tag))];
  const sections = tags.map(
    (
      tag,
    ) => `<section><h2 id="${tag}">${tag}</h2><table><thead><tr><th></th><th>path</th><th>what</th><th>who</th></tr></thead>
<tbody>${routes
      .filter((route) => route.tag === tag)
      .map(row)
      .join('\n')}</tbody></table></section>`,
  );
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Walnut Live API</title><link rel="stylesheet" href="/docs/style.css"></head><body><header><h1>Walnut Live API</h1>
<p>OpenAPI 3.1: <a href="/api/v1/openapi.json">openapi.json</a>. Money is integer fen, times are RFC 3339 UTC, lists have
opaque cursors, errors are <code>application/problem+json</code> with a code to act on and a request id.</p>
<nav>${tags.map((tag) => `<a href="#${tag}">${tag}</a>`).join(' ')}</nav></header>${sections.join('\n')}</body></html>`;
}

export const docsStyle = `
:root { color-scheme: light; --ink: #2b1a10; --line: #e8ddd0; --cream: #fbf6ee; --green: #2f7d43; --red: #c8371b; --brown: #6b4226 }
body { margin: 0 auto; max-width: 1100px; padding: 24px 20px 80px; background: var(--cream); color: var(--ink);
  font: 15px/1.55 system-ui, "PingFang SC", "Noto Sans CJK SC", sans-serif }
h1 { margin: 0 0 4px } h2 { margin: 36px 0 8px; text-transform: capitalize } a { color: var(--brown) } nav a { margin-right: 12px }
table { width: 100%; border-collapse: collapse; background: #fff; border: 1px solid var(--line); border-radius: 10px }
th, td { padding: 8px 12px; text-align: left; vertical-align: top; border-top: 1px solid var(--line); font-size: 14px } th { color: #8a7463; font-weight: 500; border-top: 0 }
code { font: 13px/1.5 ui-monospace, monospace; overflow-wrap: anywhere }
.method { display: inline-block; min-width: 52px; padding: 1px 6px; border-radius: 5px; font: 600 12px/1.6 ui-monospace, monospace; text-align: center; color: #fff; background: var(--brown) }
.get { background: var(--green) } .delete { background: var(--red) }
@media (max-width: 600px) { thead { display: none } td { display: block; border: 0; padding: 2px 12px } tr { display: block; padding: 8px 0; border-top: 1px solid var(--line) } }
`;
