import { useQueryClient } from '@tanstack/react-query';
import { checkText, importTerms, listTermChanges, type ReplyOf } from '@walnut-live/contracts';
import { Badge, EmptyState, useErrorText, useFormat, useToast } from '@walnut-live/ui';
import { Button, Drawer, Input, Progress, Upload } from 'antd';
import { type ReactNode, useState } from 'react';
import { useSession } from '../../app/session.tsx';
import { useAction, useCall } from '../../data/use-call.ts';
import { AsyncView } from '../../shared/async-view.tsx';
import { TableSkeleton } from '../../shared/data-table.tsx';
import { useModerationT } from './messages.ts';
import { batchesOf, type ParsedTerms, parseTerms } from './term-csv.ts';

type ToolProps = { open: boolean; onClose: () => void };
const LINES_NAMED = 10;

const ToolDrawer = ({
  title,
  children,
  ...tool
}: ToolProps & { title: 'import.title' | 'history.open' | 'try.open'; children: ReactNode }): ReactNode => {
  const t = useModerationT();
  return (
    <Drawer {...tool} size={480} destroyOnHidden rootClassName="co-drawer" title={t(title)}>
      {children}
    </Drawer>
  );
};

/** A file is read here, shown as what it would be, and sent in batches; what was sent stays when the rest fails. */
export const ImportDrawer = (tool: ToolProps): ReactNode => (
  <ToolDrawer {...tool} title="import.title">
    <Import onDone={tool.onClose} />
  </ToolDrawer>
);

const Import = ({ onDone }: { onDone: () => void }): ReactNode => {
  const t = useModerationT();
  const { api } = useSession();
  const queries = useQueryClient();
  const toast = useToast();
  const errorText = useErrorText();
  const [parsed, setParsed] = useState<ParsedTerms | null>(null);
  const [done, setDone] = useState<number | null>(null);
  const total = parsed?.terms.length ?? 0;

  const start = async (): Promise<void> => {
    if (!parsed) return;
    const sum = { added: 0, changed: 0, same: 0, refused: 0 };
    let sent = 0;
    setDone(0);
    try {
      for (const items of batchesOf(parsed.terms)) {
        const reply = await api.call(importTerms, { body: { items } });
        sum.added += reply.added;
        sum.changed += reply.changed;
        sum.same += reply.same;
        sum.refused += reply.refused.length;
        sent += items.length;
        setDone(sent);
      }
      toast(t('import.done', sum), { tone: sum.refused > 0 ? 'info' : 'success' });
      onDone();
    } catch (error) {
      toast(errorText(error), { tone: 'error' });
      setDone(null);
    } finally {
      await queries.invalidateQueries({ predicate: ({ queryKey }) => String(queryKey[0]).startsWith('guard.') });
    }
  };

  return (
    <div className="co-import">
      <p className="co-quiet">{t('import.hint')}</p>
      <Upload
        accept=".csv,text/csv"
        showUploadList={false}
        beforeUpload={(file) => {
          void file.text().then((text) => setParsed(parseTerms(text)));
          return false;
        }}
      >
        <Button disabled={done !== null}>{t('import.choose')}</Button>
      </Upload>
      {parsed && parsed.badLines.length > 0 && (
        <p role="alert" className="co-minus">
          {t('import.bad', {
            count: parsed.badLines.length,
            lines: `${parsed.badLines.slice(0, LINES_NAMED).join(', ')}${parsed.badLines.length > LINES_NAMED ? ' …' : ''}`,
          })}
        </p>
      )}
      {parsed && total > 0 && (
        <Button type="primary" loading={done !== null} onClick={() => void start()} data-testid="term-import-start">
          {t('import.start', { count: total })}
        </Button>
      )}
      {done !== null && (
        <>
          <Progress percent={Math.round((done / Math.max(1, total)) * 100)} />
          <p className="co-quiet">{t('import.progress', { done, total })}</p>
        </>
      )}
    </div>
  );
};

export const HistoryDrawer = (tool: ToolProps): ReactNode => (
  <ToolDrawer {...tool} title="history.open">
    <History />
  </ToolDrawer>
);

const History = (): ReactNode => {
  const t = useModerationT();
  const format = useFormat();
  const query = useCall(listTermChanges, { query: { limit: 100 } });
  return (
    <AsyncView
      query={query}
      skeleton={<TableSkeleton rows={4} />}
      isEmpty={({ items }) => items.length === 0}
      empty={<EmptyState compact title={t('words.empty')} />}
    >
      {({ items }) => (
        <ol className="co-history">
          {items.map(({ version, action, by, terms, count, at }) => (
            <li key={version}>
              <span className="co-inline">
                <b className="wl-number">{t('history.version', { version })}</b>
                <Badge>{t(`history.${action}`)}</Badge>
              </span>
              <span>
                {terms.join('、')} {count > terms.length && t('history.more', { count })}
              </span>
              <small className="co-quiet">
                {by?.name ?? t('words.starter')} · {format.dateTime(at)}
              </small>
            </li>
          ))}
        </ol>
      )}
    </AsyncView>
  );
};

export const TryDrawer = (tool: ToolProps): ReactNode => (
  <ToolDrawer {...tool} title="try.open">
    <Try />
  </ToolDrawer>
);

const Try = (): ReactNode => {
  const t = useModerationT();
  const toast = useToast();
  const errorText = useErrorText();
  const check = useAction(checkText, []);
  const [text, setText] = useState('');
  const [found, setFound] = useState<ReplyOf<typeof checkText> | null>(null);
  const look = async (): Promise<void> => {
    try {
      setFound(await check.mutateAsync({ body: { text } }));
    } catch (error) {
      toast(errorText(error), { tone: 'error' });
    }
  };
  return (
    <div className="co-import">
      <Input.TextArea
        rows={4}
        maxLength={2_000}
        value={text}
        placeholder={t('try.placeholder')}
        aria-label={t('try.placeholder')}
        onChange={(event) => setText(event.target.value)}
      />
      <Button type="primary" disabled={text.trim() === ''} loading={check.isPending} onClick={() => void look()}>
        {t('try.open')}
      </Button>
      {found && (
        <output className="co-tried">
          {found.hits.length === 0 ? (
            <Badge tone="success">{t('try.clean')}</Badge>
          ) : (
            <ul>
              {found.hits.map((hit, at) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: one term may be there twice
                <li key={at}>
                  {t('try.found', { found: hit.found, term: hit.term, action: t(`action.${hit.action}`) })}
                </li>
              ))}
            </ul>
          )}
        </output>
      )}
    </div>
  );
};
