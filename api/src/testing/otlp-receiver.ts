/** A collector of our own: takes OTLP/HTTP as JSON and keeps the spans. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface SeenSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly name: string;
  readonly kind: number;
  readonly facts: Readonly<Record<string, string | number | undefined>>;
  readonly links: readonly string[];
  readonly failed: boolean;
}
interface Wire {
  resourceSpans: {
    resource: { attributes: { key: string; value: { stringValue?: string } }[] };
    scopeSpans: {
      spans: {
        traceId: string;
        spanId: string;
        parentSpanId?: string;
        name: string;
        kind: number;
        attributes: { key: string; value: { stringValue?: string; intValue?: number | string } }[];
        links?: { spanId: string }[];
        events?: unknown[];
        status: { code?: number };
      }[];
    }[];
  }[];
}
const ERROR = 2;

/** `answers: 'never'`: it takes what is sent and says nothing. */
export async function startOtlpReceiver(answers: 'always' | 'never' = 'always') {
  const spans: SeenSpan[] = [];
  const services = new Set<string | undefined>();
  const posts: { path: string | undefined; headers: NodeJS.Dict<string | string[]>; text: string }[] = [];
  const server = createServer(async (req, res) => {
    let text = '';
    for await (const chunk of req.setEncoding('utf8')) text += chunk;
    posts.push({ path: req.url, headers: req.headers, text });
    for (const { resource, scopeSpans } of (JSON.parse(text) as Wire).resourceSpans) {
      services.add(resource.attributes.find(({ key }) => key === 'service.name')?.value.stringValue);
      for (const one of scopeSpans.flatMap((scope) => scope.spans))
        spans.push({
          ...{
            traceId: one.traceId,
            spanId: one.spanId,
            parentSpanId: one.parentSpanId,
            name: one.name,
            kind: one.kind,
          },
          facts: Object.fromEntries(one.attributes.map(({ key, value }) => [key, value.stringValue ?? value.intValue])),
          links: (one.links ?? []).map(({ spanId }) => spanId),
          failed: one.status.code === ERROR,
        });
    }
    if (answers === 'always') res.setHeader('content-type', 'application/json').end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans: spans as readonly SeenSpan[],
    services,
    posts,
    of: (traceId: string) => spans.filter((span) => span.traceId === traceId),
    async close(): Promise<void> {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
