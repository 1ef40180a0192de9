/** A site of the brand's own, on another origin than the product: one page, the example of docs/34-embedding.md. */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

export const EXAMPLE_FILE = join(import.meta.dirname, '../fixtures/embed.html');
const EXAMPLE = readFileSync(EXAMPLE_FILE, 'utf8');

export interface BrandSite {
  /** By the name `localhost`: to browsers another site than the product's 127.0.0.1, not just another port. */
  readonly origin: string;
  /** From now on its page shows this room of this product. */
  show(room: { product: string; roomId: string; shareToken?: string }): void;
  close(): Promise<void>;
}

/** `/` is the page in Chinese, `/?en` in English. */
export async function openBrandSite(): Promise<BrandSite> {
  let html = '';
  const server = createServer((request, response) => {
    response.setHeader('content-type', 'text/html; charset=utf-8');
    response.end(request.url === '/?en' ? html.replace('lang="zh-CN"', 'lang="en"') : html);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://localhost:${(server.address() as AddressInfo).port}`,
    show({ product, roomId, shareToken }) {
      html = EXAMPLE.replace('https://live.brand.example', product).replace(
        /room="[^"]*"/,
        `room="${roomId}"${shareToken ? ` share="${shareToken}"` : ''}`,
      );
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
