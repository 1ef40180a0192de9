import { useQueryClient } from '@tanstack/react-query';
import { IMPORT_BYTES, type ImportResult, importCatalogue } from '@walnut-live/contracts';
import { useErrorText, useToast } from '@walnut-live/ui';
import { Modal } from 'antd';
import { type ReactNode, useState } from 'react';
import { useSession } from '../../app/session.tsx';
import { catalogueI18n, useCatalogueT } from './messages.ts';

type IssueKey = Extract<keyof typeof catalogueI18n.messages.zh, `issue.${string}`>;
const issueKeys = Object.keys(catalogueI18n.messages.zh).filter((key): key is IssueKey => key.startsWith('issue.'));
const touched = ['products.list', 'products.get', 'bag.get', 'stock.list'];

/** A spreadsheet is checked first, every wrong line told; it is applied whole or not at all. */
export const ImportDialog = ({ onClose }: { onClose: () => void }): ReactNode => {
  const t = useCatalogueT();
  const toast = useToast();
  const errorText = useErrorText();
  const client = useQueryClient();
  const { api } = useSession();
  const [file, setFile] = useState<File | null>(null);
  const [result, setResult] = useState<ImportResult | null>(null);
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<unknown>(null);

  const run = async (chosen: File, apply: boolean): Promise<void> => {
    setBusy(true);
    setFault(null);
    try {
      // Spreadsheet programs give a CSV many types; the bytes decide.
      const body = new File([chosen], chosen.name, { type: 'text/csv' });
      const answer = await api.call(importCatalogue, { query: { apply: apply ? 'true' : 'false' }, file: body });
      setResult(answer);
      if (!apply) return;
      await client.invalidateQueries({ predicate: ({ queryKey }) => touched.includes(String(queryKey[0])) });
      toast(t(answer.applied ? 'import.applied' : 'import.refused'), { tone: answer.applied ? 'success' : 'error' });
      if (answer.applied) onClose();
    } catch (error) {
      setFault(error);
    } finally {
      setBusy(false);
    }
  };
  const issueText = (issue: string): string => {
    const [name = '', ...terms] = issue.split(' ');
    if (name === 'words_refused') return t('words.refused', { terms: terms.join(' ') || '—' });
    const key = issueKeys.find((known) => known === `issue.${name}` && known !== 'issue.other');
    return key ? t(key as 'issue.needed') : t('issue.other', { issue });
  };
  const errors = (result?.errors.length ?? 0) + (result?.moreErrors ?? 0);
  const changes = result
    ? result.products.created + result.products.changed + result.skus.created + result.skus.changed
    : 0;

  return (
    <Modal
      open
      title={t('import.title')}
      onCancel={onClose}
      width={640}
      okText={t('import.apply')}
      okButtonProps={{ disabled: !file || !result || errors > 0 || changes === 0, loading: busy && result !== null }}
      onOk={() => file && void run(file, true)}
    >
      <p className="co-quiet">{t('import.hint')}</p>
      <label className="co-import-file">
        <input
          type="file"
          accept=".csv,text/csv"
          data-testid="import-file"
          onChange={({ target }) => {
            const chosen = target.files?.[0] ?? null;
            setFile(chosen);
            setResult(null);
            setFault(chosen && chosen.size > IMPORT_BYTES ? new RangeError(t('upload.large')) : null);
            if (chosen && chosen.size <= IMPORT_BYTES) void run(chosen, false);
          }}
        />
        <span>{t('import.choose')}</span>
      </label>
      {busy && !result && <p aria-busy="true">{t('import.checking')}</p>}
      {fault !== null && (
        <p className="co-form-error" role="alert">
          {fault instanceof RangeError ? fault.message : errorText(fault)}
        </p>
      )}
      {result && (
        <div aria-live="polite" data-testid="import-result">
          <p>
            {t('import.found', { lines: result.lines, ...result.products })}
            <br />
            {t('import.skus', result.skus)}
          </p>
          {errors === 0 && changes === 0 && <p>{t('import.nothing')}</p>}
          {errors > 0 && (
            <>
              <p className="co-form-error">{t('import.errors', { n: errors })}</p>
              <ul className="co-import-errors">
                {result.errors.map(({ line, column, issue }) => (
                  <li key={`${line} ${column} ${issue}`}>
                    <b>{t('import.line', { line })}</b> {column && <code>{column}</code>} {issueText(issue)}
                  </li>
                ))}
                {result.moreErrors > 0 && <li>{t('import.more', { n: result.moreErrors })}</li>}
              </ul>
            </>
          )}
        </div>
      )}
    </Modal>
  );
};
