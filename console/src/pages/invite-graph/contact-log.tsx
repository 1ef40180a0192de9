/** Who of us spoke with a customer, and a note of the next time. What was written stays. */
import { ContactWay, listContacts, writeContact } from '@walnut-live/contracts';
import { useFormat, useToast } from '@walnut-live/ui';
import { Button, DatePicker, Form, Input, Select } from 'antd';
import dayjs, { type Dayjs } from 'dayjs';
import { type ReactNode, useState } from 'react';
import { useAction, usePages } from '../../data/use-call.ts';
import { AsyncView } from '../../shared/async-view.tsx';
import { TableSkeleton } from '../../shared/data-table.tsx';
import { MoreButton } from '../../shared/page.tsx';
import { Failure } from '../../shared/ship-dialog.tsx';
import { useGraphT } from './messages.ts';

const PAGE = 20;
const MOST = 500;
/** A promise is for the morning of its day. */
const MORNING_HOUR = 9;

interface Entry {
  way: (typeof ContactWay.options)[number];
  note: string;
  nextAt?: Dayjs | null;
}

const WriteContact = ({ personId, onDone }: { personId: string; onDone: () => void }): ReactNode => {
  const t = useGraphT();
  const toast = useToast();
  const [form] = Form.useForm<Entry>();
  const write = useAction(writeContact, ['contacts.list', 'contacts.next']);
  const send = async ({ way, note, nextAt }: Entry): Promise<void> => {
    const next = nextAt ? { nextAt: nextAt.hour(MORNING_HOUR).startOf('hour').toDate().toISOString() } : {};
    await write.mutateAsync({ kind: personId, params: { id: personId }, body: { way, note: note.trim(), ...next } });
    toast(t('contacts.saved'), { tone: 'success' });
    onDone();
  };
  return (
    <Form
      form={form}
      layout="vertical"
      requiredMark={false}
      initialValues={{ way: 'phone' }}
      onFinish={(entry) => void send(entry).catch(() => undefined)}
      className="ng-write"
      data-testid="contact-form"
    >
      <div className="ng-write-row">
        <Form.Item name="way" label={t('contacts.way')}>
          <Select options={ContactWay.options.map((value) => ({ value, label: t(`way.${value}`) }))} />
        </Form.Item>
        <Form.Item name="nextAt" label={t('contacts.nextAt')}>
          <DatePicker inputReadOnly disabledDate={(date) => !date.isAfter(dayjs(), 'day')} className="ng-write-date" />
        </Form.Item>
      </div>
      <Form.Item
        name="note"
        label={t('contacts.note')}
        rules={[{ required: true, whitespace: true, message: t('contacts.needed') }]}
      >
        <Input.TextArea maxLength={MOST} autoSize={{ minRows: 2, maxRows: 6 }} data-testid="contact-note" />
      </Form.Item>
      <Failure error={write.error} />
      <Button type="primary" htmlType="submit" loading={write.isPending} data-testid="contact-save">
        {t('contacts.save')}
      </Button>
    </Form>
  );
};

export const ContactLog = ({ personId }: { personId: string }): ReactNode => {
  const t = useGraphT();
  const format = useFormat();
  const [writes, setWrites] = useState(false);
  const query = usePages(listContacts, { params: { id: personId }, query: { limit: PAGE } });
  const rows = query.data?.pages.flatMap(({ items }) => items) ?? [];
  return (
    <div className="ng-log">
      {writes ? (
        <WriteContact personId={personId} onDone={() => setWrites(false)} />
      ) : (
        <Button onClick={() => setWrites(true)} data-testid="contact-write">
          {t('contacts.write')}
        </Button>
      )}
      <AsyncView
        query={query}
        skeleton={<TableSkeleton rows={2} />}
        isEmpty={() => rows.length === 0}
        empty={<p className="co-quiet">{t('contacts.noLog')}</p>}
      >
        {() => (
          <ul className="ng-contacts">
            {rows.map((row) => (
              <li key={row.id} data-testid="contact">
                <span className="co-inline">
                  <b>{t(`way.${row.way}`)}</b>
                  <small>
                    {row.by.name} · {format.dateTime(row.at)}
                  </small>
                </span>
                <p>{row.note}</p>
                {row.nextAt && <small>{t('contacts.next', { at: format.date(row.nextAt) })}</small>}
              </li>
            ))}
          </ul>
        )}
      </AsyncView>
      <MoreButton query={query} />
    </div>
  );
};
