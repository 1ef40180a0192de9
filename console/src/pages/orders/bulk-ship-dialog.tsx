import { UploadOutlined } from '@ant-design/icons';
import { type BulkShipLine, bulkShip, type ReplyOf } from '@walnut-live/contracts';
import { useToast } from '@walnut-live/ui';
import { Alert, Button, Input, Modal, Upload } from 'antd';
import { type ReactNode, useState } from 'react';
import { useAction } from '../../data/use-call.ts';
import { Failure } from '../../shared/ship-dialog.tsx';
import { useDeliveryT } from './delivery-messages.ts';

/** As the contract has it. */
const MOST_CHARS = 60_000;
const fine: readonly BulkShipLine['result'][] = ['ready', 'sent', 'already'];

/** Paste or choose lines, see what would become of each, then send them. What was checked is what is sent. */
export const BulkShipDialog = ({ onClose }: { onClose: () => void }): ReactNode => {
  const t = useDeliveryT();
  const toast = useToast();
  const [text, setText] = useState('');
  const [told, setTold] = useState<ReplyOf<typeof bulkShip> | null>(null);
  const ask = useAction(bulkShip, ['orders.list', 'orders.get']);
  const send = async (apply: boolean): Promise<void> => {
    const reply = await ask.mutateAsync({ body: { text, apply } });
    setTold(reply);
    if (apply) toast(t('bulk.sent', { sent: reply.sent, refused: reply.refused }), { tone: 'success' });
  };
  const isSent = (told?.sent ?? 0) > 0;
  return (
    <Modal
      open
      width={760}
      title={t('bulk.title')}
      onCancel={onClose}
      footer={
        <>
          {told && !isSent && <Button onClick={() => setTold(null)}>{t('bulk.again')}</Button>}
          {!told && (
            <Button
              type="primary"
              loading={ask.isPending}
              disabled={text.trim() === ''}
              onClick={() => void send(false).catch(() => undefined)}
              data-testid="bulk-check"
            >
              {t('bulk.check')}
            </Button>
          )}
          {told && !isSent && (
            <Button
              type="primary"
              loading={ask.isPending}
              disabled={told.ready === 0}
              onClick={() => void send(true).catch(() => undefined)}
              data-testid="bulk-apply"
            >
              {t('bulk.apply', { n: told.ready })}
            </Button>
          )}
        </>
      }
    >
      {!told && (
        <>
          <p className="co-quiet">{t('bulk.help')}</p>
          <Input.TextArea
            value={text}
            rows={9}
            maxLength={MOST_CHARS}
            placeholder={t('bulk.example')}
            aria-label={t('bulk.title')}
            onChange={(event) => setText(event.target.value)}
            data-testid="bulk-text"
          />
          <Upload
            accept=".csv,.txt,text/csv,text/plain"
            showUploadList={false}
            beforeUpload={async (file) => {
              if (file.size > MOST_CHARS) toast(t('bulk.too-big'), { tone: 'error' });
              else setText(await file.text());
              return false;
            }}
          >
            <Button icon={<UploadOutlined />} className="co-bulk-file">
              {t('bulk.file')}
            </Button>
          </Upload>
        </>
      )}
      {told && (
        <>
          <Alert
            type={told.refused > 0 ? 'warning' : 'success'}
            showIcon
            message={
              isSent
                ? t('bulk.sent', { sent: told.sent, refused: told.refused })
                : t('bulk.summary', { ready: told.ready, refused: told.refused })
            }
          />
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, also by keyboard */}
          <section className="co-bulk-lines" aria-label={t('bulk.result')} tabIndex={0}>
            <table>
              <thead>
                <tr>
                  <th scope="col">{t('bulk.line')}</th>
                  <th scope="col">{t('bulk.order')}</th>
                  <th scope="col">{t('ship.carrier')}</th>
                  <th scope="col">{t('ship.tracking')}</th>
                  <th scope="col">{t('bulk.result')}</th>
                </tr>
              </thead>
              <tbody>
                {told.lines.map((line) => (
                  <tr key={line.line} data-result={line.result} data-wrong={!fine.includes(line.result)}>
                    <td className="wl-number">{line.line}</td>
                    <td className="wl-number">{line.orderNo}</td>
                    <td>{line.carrier}</td>
                    <td className="wl-number">{line.trackingNo}</td>
                    <td>{t(`bulk.result.${line.result}`)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </section>
        </>
      )}
      <Failure error={ask.error} />
    </Modal>
  );
};
